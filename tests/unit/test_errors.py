"""The tree of exceptions that `riskshare.errors` draws is the tree there is."""

from __future__ import annotations

import importlib
import pkgutil
import re

import riskshare
from riskshare import errors
from riskshare.errors import RiskshareError

LINE = re.compile(r"^ {4}(?P<bars>(?:[│ ] {3})*)(?P<hook>[├└]── )?(?P<name>\w+Error)(?: \((?P<also>\w+)\))?")


def every_kind() -> dict[str, type[RiskshareError]]:
    """Return every exception of ours by name, once all modules are loaded; those of commands stay out."""
    for module in pkgutil.walk_packages(riskshare.__path__, "riskshare."):
        if "__main__" not in module.name and ".cli" not in module.name:
            importlib.import_module(module.name)
    found, rest = {}, [RiskshareError]
    while rest:
        kind = rest.pop()
        found[kind.__name__] = kind
        rest += kind.__subclasses__()
    return {name: kind for name, kind in found.items() if ".cli" not in kind.__module__}


def drawn() -> dict[str, tuple[str, str]]:
    """Return each drawn exception with its parent and the built-in one beside it."""
    path: list[str] = []
    found: dict[str, tuple[str, str]] = {}
    for line in (errors.__doc__ or "").splitlines():
        match = LINE.match(line)
        if match is not None:
            depth = len(match["bars"]) // 4 + bool(match["hook"])
            path[depth:] = [match["name"]]
            found[match["name"]] = (path[depth - 1] if depth else "", match["also"] or "")
    return found


def test_the_tree_that_is_drawn_is_the_tree_there_is() -> None:
    kinds = every_kind()
    assert set(drawn()) == set(kinds)
    for name, (parent, also) in drawn().items():
        bases = [base.__name__ for base in kinds[name].__bases__]
        assert bases == [one for one in (parent or "Exception", also) if one]


def test_where_an_exception_lives_is_said() -> None:
    told = errors.__doc__ or ""
    for name, kind in every_kind().items():
        home = kind.__module__.removeprefix("riskshare.")
        said = re.search(rf"── {name}\b.*", told)
        if home != "errors":
            assert said is not None
            assert f"(``{home}``)" in said[0]
