"""What is wrong with a written link: every field that is not of its kind, by name and never by value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

from riskshare.records.arguments import is_flag, is_number, is_text, is_whole

BASES: Final = ("policy", "population", "outcome")

Rule = tuple[Callable[[Any], bool], str]


def _numbers(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(is_number(one) for one in value)


def _span(value: Any) -> bool:
    return _numbers(value) and len(value) == 2 and bool(value[0] <= value[1])


def _window(value: Any) -> bool:
    if value is None:
        return True
    if not (isinstance(value, list | tuple) and len(value) == 2 and all(is_text(one) for one in value)):
        return False
    try:
        first, last = (dt.date.fromisoformat(one) for one in value)
    except ValueError:
        return False
    return first <= last


def _edges(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(one, list | tuple) and len(one) == 2 and is_text(one[0]) and is_number(one[1]) for one in value
    )


_TEXT: Final[Rule] = (is_text, "must be text.")
_COUNT: Final[Rule] = (lambda v: is_whole(v) and v >= 0, "must be a whole number of at least 0.")
_AMOUNT: Final[Rule] = (lambda v: is_number(v) and v >= 0.0, "must be a number of at least 0.")
_FLAG: Final[Rule] = (is_flag, "must be true or false.")
_MAPPING: Final[Rule] = (lambda v: isinstance(v, Mapping), "must be a mapping.")
_NUMBERS: Final[Rule] = (_numbers, "must be a list of numbers, of at least one.")
_SPAN: Final[Rule] = (_span, "must be two numbers, the lower first.")

LINK: Final[dict[str, Rule]] = {
    **dict.fromkeys(("source", "target", "method", "rule", "engine_version"), _TEXT),
    "basis": (lambda v: is_text(v) and v in BASES, f"must be one of: {', '.join(BASES)}."),
    "curve": _MAPPING,
    "sides": (lambda v: isinstance(v, list | tuple) and len(v) == 2, "must be a list of two."),
    **dict.fromkeys(("residual_sd", "n_effective"), _AMOUNT),
    "invertible": _FLAG,
    **dict.fromkeys(("parameters", "diagnostics"), _MAPPING),
    **dict.fromkeys(("n", "seed", "replicates"), _COUNT),
    "window": (_window, "must be the first and the last day as ISO dates, or null."),
    "flags": (lambda v: isinstance(v, list | tuple) and all(map(is_text, v)), "must be a list of texts."),
}
SIDE: Final[dict[str, Rule]] = {
    "edges": (_edges, "must be a list of pairs of a name and a number."),
    "level_width": _AMOUNT,
    "rising": _FLAG,
    "ends": _SPAN,
}
CURVE: Final[dict[str, Rule]] = {
    **dict.fromkeys(("x", "y", "at", "low", "high", "error"), _NUMBERS),
    **dict.fromkeys(("reliable", "seen"), _SPAN),
}


def link_faults(body: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a written link, all of it; empty where nothing is.

    Examples
    --------
    >>> link_faults({name: None for name in LINK} | {"curve": {}, "sides": []})[0]
    'source must be text.'
    """
    faults = _faults(body, LINK, "")
    if isinstance(body.get("curve"), Mapping):
        faults += _faults(body["curve"], CURVE, "curve.") or _shape_faults(body["curve"])
    sides = body.get("sides")
    for i, side in enumerate(sides if isinstance(sides, list | tuple) else ()):
        faults += _faults(side, SIDE, f"sides[{i}].")
    return faults


def _faults(body: object, rules: Mapping[str, Rule], where: str) -> list[str]:
    if not isinstance(body, Mapping):
        return [f"{where.rstrip('.') or 'the link'} must be a mapping."]
    missing = [f"{where}{key} is missing." for key in sorted(rules.keys() - body.keys())]
    unknown = [f"{where}{key} is not known." for key in sorted(map(str, body.keys() - rules.keys()))]
    wrong = [f"{where}{key} {said}" for key, (holds, said) in rules.items() if key in body and not holds(body[key])]
    return [*missing, *unknown, *wrong]


def _shape_faults(curve: Mapping[str, Any]) -> list[str]:
    """Return what is wrong between the lists of a curve, each of which is sound."""
    x, y, at, low, high, error = (curve[name] for name in ("x", "y", "at", "low", "high", "error"))
    steps = [b - a for a, b in pairwise(y)]
    alike = len(at) == len(low) == len(high) == len(error)
    rules = {
        "curve.x and curve.y must be of equal length.": len(x) == len(y),
        "curve.x must rise.": all(a < b for a, b in pairwise(x)),
        "curve.y must never turn.": all(one >= 0.0 for one in steps) or all(one <= 0.0 for one in steps),
        "curve.at, curve.low, curve.high and curve.error must be of equal length.": alike,
        "curve.at must rise.": all(a < b for a, b in pairwise(at)),
        "curve.low must never lie above curve.high.": all(a <= b for a, b in zip(low, high, strict=False)),
        "curve.error must not be negative.": all(one >= 0.0 for one in error),
    }
    return [said for said, holds in rules.items() if not holds]
