"""Pages that stand alone: the same skeleton whatever stands in them, and a policy that names all that may run."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

import let_through
from hostile import hostile
from riskshare.errors import PolicyError
from riskshare.reporting.pages import UNSEEN, Script, escaped, page, plain, table, tag
from riskshare.reporting.shared_map import shared_map
from riskshare.reporting.shared_report import partnership_report, report
from riskshare.reporting.shared_subject import about_subject


class Skeleton(HTMLParser):
    """The tags and attribute names of a page, without its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Long texts may break and short ones may not: the one class that depends on a text is no matter.
        self.found.append((tag, *(name for name, _ in attrs if name != "class")))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}",))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def skeleton(text: str) -> list[tuple[str, ...]]:
    parser = Skeleton()
    parser.feed(text)
    return parser.found


def table_of(name: str) -> pd.DataFrame:
    return pd.DataFrame({"agency": [name], "count": [12]})


def test_no_name_changes_the_skeleton_of_a_page() -> None:
    """Each of 300 names in each place of its own against a harmless one: the same elements, the same attributes."""

    def made(name: str) -> str:
        return report(
            let_through.shared(
                "table", {name: table_of(name)}, title=name, notes=(name,), purpose=name, recipient_agency=name,
                withheld=let_through.lines(let_through.WITHHELD, [(name, name, name)]),
                suppressed=let_through.lines(let_through.SUPPRESSED, [(name, name, 1, name)]),
            )
        )  # fmt: skip

    harmless = skeleton(made("Northby"))
    for name in hostile():
        assert skeleton(made(name)) == harmless


def test_a_name_is_told_letter_for_letter() -> None:
    parser = Skeleton()
    parser.feed(report(let_through.shared("table", {"bars": table_of("a <b> & \"c\" 'd' `e` ${f}")})))
    assert "a <b> & \"c\" 'd' `e` ${f}" in parser.text


@pytest.mark.parametrize("unseen", ["\u202e", "\u2066", "\x00", "\x1b", "\ufeff", "\ud800", "\u2028"])
def test_what_cannot_be_seen_is_marked(unseen: str) -> None:
    assert plain(f"a{unseen}b") == f"a{UNSEEN}b"
    page("t", tag("p", escaped(unseen))).encode()


def test_words_of_any_language_stay() -> None:
    assert plain("Llanfair ŵ Ó Дом 北 می‌خواهم") == "Llanfair ŵ Ó Дом 北 می‌خواهم"


def policy(text: str) -> str:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert found is not None
    return found[1].replace("&#x27;", "'")


def hashed(text: str, element: str) -> set[str]:
    codes = re.findall(rf"<{element}>(.*?)</{element}>", text, flags=re.DOTALL)
    return {f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'" for code in codes}


def test_a_report_may_run_nothing_and_fetch_nothing() -> None:
    for text in (report(let_through.shared()), report(let_through.subject())):
        rules = policy(text)
        assert "default-src 'none'; script-src 'none'; style-src 'sha256-" in rules
        assert "unsafe" not in rules
        assert hashed(text, "style") == set(re.findall(r"style-src ([^;]*);", rules))
        assert "<script" not in text
        assert " style=" not in text
        assert "trusted-types 'none'" in rules


def test_a_map_runs_its_own_two_scripts_and_no_other() -> None:
    text = shared_map(let_through.shared())
    rules = policy(text)
    assert set(re.findall(r"script-src ([^;]*);", rules)[0].split()) == hashed(text, "script")
    assert len(hashed(text, "script")) == 2
    for barred in ("unsafe-eval", "script-src 'unsafe", "http:", "https:", "data:", "*", "img-src", "connect-src"):
        assert barred not in rules
    assert text.index("Content-Security-Policy") < text.index("<style>") < text.index("<script")


def test_the_policy_comes_before_anything_that_it_bars() -> None:
    text = page("t", "<p>x</p>", scripts=[Script("1;")])
    assert text.index("Content-Security-Policy") < min(text.index("<style"), text.index("<script"), text.index("<p>"))


def test_every_table_has_a_caption_and_scopes() -> None:
    text = table("Ages", ["who", "age"], [["a", "1"], ["b", "2"]])
    assert text.count('scope="col"') == 2
    assert text.count('scope="row"') == 2
    assert "<caption>Ages</caption>" in text
    assert 'tabindex="0" role="region" aria-label="Ages"' in text


@pytest.mark.parametrize("make", [report, partnership_report, about_subject, shared_map])
@pytest.mark.parametrize("given", [None, {"a": 1}, pd.DataFrame()])
def test_nothing_but_what_was_shared_becomes_a_page(make: object, given: object) -> None:
    with pytest.raises(PolicyError, match=r"Ask riskshare\.share"):
        make(given)  # type: ignore[operator]


@pytest.mark.parametrize("make", [report, shared_map])
def test_what_was_changed_since_becomes_no_page(make: object) -> None:
    shared = let_through.shared()
    shared.tables["cells"].loc[0, "count"] = 99
    with pytest.raises(PolicyError, match="changed"):
        make(shared)  # type: ignore[operator]
