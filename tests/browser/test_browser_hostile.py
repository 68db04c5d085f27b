"""Three hundred hostile names in every text of every page and picture: a real browser runs none, asks for none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from chrome import Browser, Seen
from hostile_shared import NAMES, columns, everywhere, hotspots, profiles, square, subject
from riskshare.reporting.shared_map import shared_map
from riskshare.reporting.shared_picture import shared_picture
from riskshare.reporting.shared_report import report

SWALLOWS = (
    "plaintext",
    "<!--",
    "<style",
    "<template",
    "<noscript",
    "<svg",
    "<math",
    "<iframe",
    "script src",
    "<meta",
    "<base",
    "<form",
    "<marquee",
    "<a ",
)
"""What would keep a browser from seeing the names after it."""


TELLING = """
window.__told = new Set();
new MutationObserver(() => window.__told.add(document.getElementById("told").textContent))
  .observe(document.getElementById("told"), { childList: true });
"""
WHERE = """(places => {
  const plot = Bokeh.documents[0].get_model_by_name("plot"), frame = Object.values(Bokeh.index)[0].frame;
  const room = document.getElementById("map").getBoundingClientRect();
  return places.map(([x, y]) => [room.x + frame.x_scale.compute(x), room.y + frame.y_scale.compute(y)]);
})(%s)"""
"""Where places in metres stand on the screen."""


def pages() -> Iterator[tuple[str, str]]:
    for name, shared in (("hotspots", hotspots()), ("subject", subject()), ("profiles", profiles())):
        yield f"{name}-report.html", report(shared)
        if name != "subject":
            yield f"{name}-map.html", shared_map(shared)
            yield f"{name}.svg", shared_picture(shared, "svg").decode()
    table = everywhere("table", {"bars": pd.DataFrame(columns("agency", "scale"))})
    yield "table-report.html", report(table)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("hostile")
    for name, text in pages():
        (folder / name).write_text(text, encoding="utf-8")
    return {path.name: path for path in folder.iterdir()}


def did_nothing(browser: Browser, seen: Seen) -> None:
    browser.rest()
    assert browser.run("window.__pwned") is None
    assert (seen.requests, seen.dialogs, seen.violations, seen.errors) == ([], [], [], [])


NAMED = ["hotspots-report.html", "hotspots-map.html", "hotspots.svg", "subject-report.html", "profiles-report.html",
         "profiles-map.html", "profiles.svg", "table-report.html"]  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_no_page_and_no_picture_runs_or_asks_for_anything(browser: Browser, files: dict[str, Path], name: str) -> None:
    did_nothing(browser, browser.open(files[name]))
    if name.endswith(".html"):
        assert browser.run("document.querySelectorAll('table caption').length") > 0
        assert browser.run("document.querySelectorAll('img, iframe, object, embed, a[href^=javascript]').length") == 0


@pytest.mark.parametrize("name", ["hotspots-map.html", "profiles-map.html"])
def test_what_lies_under_the_pointer_is_told_as_text(browser: Browser, files: dict[str, Path], name: str) -> None:
    seen = browser.open(files[name])
    browser.run("document.getElementById('map-frame').scrollIntoView()")
    browser.run(TELLING)
    for left, top in browser.run(WHERE % [[*square(number).centroid.coords[0]] for number in range(300)]):
        browser.move(left, top)
    browser.rest()
    assert browser.run("window.__told.size") > 290
    did_nothing(browser, seen)


def test_the_same_names_do_run_where_they_are_not_escaped(browser: Browser, tmp_path: Path) -> None:
    """The proof that the tests above could fail."""
    careless = tmp_path / "careless.html"
    live = [name for name in NAMES if not any(word in name for word in SWALLOWS)]
    careless.write_text("".join(f"<p>{name}</p>" for name in live), encoding="utf-8")
    seen = browser.open(careless)
    browser.rest(0.5)
    assert browser.run("window.__pwned") == 1
    assert "http://evil.test/x" in seen.requests
    assert seen.dialogs
