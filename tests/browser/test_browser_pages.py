"""Long lists and the pages for citizens in a real browser: by keyboard, on a telephone, and on paper."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pandas as pd
import pytest

import let_through
from chrome import Browser
from riskshare.reporting.pages import page, table
from riskshare.reporting.shared_report import report

PEOPLE = 230


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bands = ["high"] * 30 + ["cannot say"] * 200
    frame = pd.DataFrame({"subject_id": [f"P1-{number:04}" for number in range(PEOPLE)], "band": bands})
    file = tmp_path_factory.mktemp("pages") / "people.html"
    file.write_text(report(let_through.shared("assessment", {"scores": frame})), encoding="utf-8")
    return file


def test_a_band_opens_and_closes_by_keyboard(browser: Browser, listed: Path) -> None:
    seen = browser.open(listed, width=390)
    assert browser.run("[...document.querySelectorAll('main details')].map((one) => one.open)") == [
        True, False, False, False,
    ]  # fmt: skip
    browser.run("document.querySelectorAll('summary')[1].focus()")
    browser.press("Enter", 13, "\r")
    assert browser.run("document.querySelectorAll('main details')[1].open") is True
    browser.press("Enter", 13, "\r")
    assert browser.run("document.querySelectorAll('main details')[1].open") is False
    assert browser.run("document.querySelectorAll('summary')[1].getBoundingClientRect().height") >= 40
    assert browser.run("document.documentElement.scrollWidth") == 390
    assert (seen.requests, seen.violations, seen.errors) == ([], [], [])


def test_what_is_folded_away_is_printed(browser: Browser, listed: Path) -> None:
    browser.open(listed)
    shown = "[...document.querySelectorAll('tbody th')].filter((one) => one.checkVisibility()).length"
    on_screen = browser.run(shown)
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.run(shown) - on_screen == 200
        sheets = base64.b64decode(browser.call("Page.printToPDF")["data"])
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")
    assert len(re.findall(rb"/Type /Page\b", sheets)) > 4


def test_on_a_telephone_a_row_is_read_downwards_and_nothing_is_cut_off(browser: Browser, tmp_path: Path) -> None:
    heads = ["What", "Held by", "How you stand in it", "Rests on", "Happened", "Recorded"]
    rows = [["Weapon carrying", "Orchard Learning Trust", "as somebody others worry about", "a fact", "x" * 20, "y"]]
    (tmp_path / "x.html").write_text(page("t", table("Records", heads, rows, stacked=True)), encoding="utf-8")
    wide = "document.querySelector('.stack').scrollWidth - document.querySelector('.stack').clientWidth"
    browser.open(tmp_path / "x.html", width=390)
    assert browser.run(wide) == 0
    named = "getComputedStyle(document.querySelectorAll('td')[1], '::before').content"
    assert "How you stand in it" in browser.run(named)
    browser.open(tmp_path / "x.html", width=1280)
    assert browser.run(named) == "none"
