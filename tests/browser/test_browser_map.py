"""The map in a real browser: whole, usable by keyboard alone, readable without seeing it, and silent."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import let_through
from chrome import Browser
from riskshare.reporting.shared_map import shared_map
from riskshare.reporting.shared_report import report

PURPLE, RED, GREY = (106, 61, 154), (232, 140, 132), (68, 68, 68)
"""Of a cluster visible only together, a hot cell (half seen through), and a border."""

COUNT = """(() => {
  const found = [], wanted = %s;
  const walk = (node) => {
    if (node.tagName === "CANVAS") found.push(node);
    for (const child of node.childNodes) walk(child);
    if (node.shadowRoot) walk(node.shadowRoot);
  };
  walk(document.getElementById("map"));
  let n = 0;
  for (const canvas of found) {
    if (!canvas.width || !canvas.height) continue;
    const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 0; i < bytes.length; i += 4)
      if (bytes[i + 3] > 100 && wanted.every((value, at) => Math.abs(bytes[i + at] - value) < 12)) n++;
  }
  return n;
})()"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("small") / "map.html"
    target.write_text(shared_map(let_through.shared()), encoding="utf-8")
    return target


@pytest.fixture
def page(browser: Browser, small: Path) -> Browser:
    browser.open(small)
    assert browser.run("document.documentElement.dataset.ready") == "yes"
    browser.rest(0.3)
    return browser


def seen(page: Browser, colour: tuple[int, int, int]) -> int:
    return int(page.run(COUNT % list(colour)))


def glyphs(page: Browser, layer: str) -> int:
    return int(page.run(f"Bokeh.documents[0].get_model_by_name('layer-{layer}').data_source.get_length()"))


def focused(page: Browser) -> str:
    return str(page.run("document.activeElement.id"))


def tab_to(page: Browser, wanted: str) -> None:
    for _ in range(40):
        page.press("Tab", 9)
        if focused(page) == wanted:
            return
    pytest.fail(f"Tab never reaches {wanted}")


def test_every_shape_is_drawn(page: Browser) -> None:
    assert [glyphs(page, name) for name in ("areas", "cells", "counts", "clusters_only")] == [3, 2, 3, 1]
    assert min(seen(page, PURPLE), seen(page, RED), seen(page, GREY)) > 200


def test_nothing_is_asked_for_and_no_rule_is_broken(page: Browser) -> None:
    page.rest(0.5)
    assert (page.seen.requests, page.seen.violations, page.seen.errors, page.seen.dialogs) == ([], [], [], [])


def test_the_policy_bars_what_the_page_does_not_need(page: Browser) -> None:
    tries = """(async () => {
      const done = [];
      try { eval("1"); done.push("eval"); } catch (e) {}
      try { document.body.innerHTML = "<p>x</p>"; done.push("markup"); } catch (e) {}
      const added = document.createElement("script");
      try { added.text = "window.__pwned = 1"; document.body.append(added); } catch (e) {}
      if (window.__pwned) done.push("script");
      try { await fetch("http://evil.test/"); done.push("fetch"); } catch (e) {}
      const image = new Image(); image.src = "http://evil.test/image"; document.body.append(image);
      return done;
    })()"""
    assert page.run(tries) == []
    page.rest()
    assert len(page.seen.violations) >= 4


def test_a_layer_is_switched_off_and_on_by_keyboard_alone(page: Browser) -> None:
    before = seen(page, PURPLE)
    tab_to(page, "show-clusters_only")
    page.press(" ", 32, " ")
    page.rest(0.3)
    assert seen(page, PURPLE) == 0
    page.press(" ", 32, " ")
    page.rest(0.3)
    assert seen(page, PURPLE) == before


def test_the_map_is_moved_and_zoomed_by_keyboard_alone(page: Browser) -> None:
    view = "[Bokeh.documents[0].get_model_by_name('plot').x_range].map(r => [r.start, r.end])[0]"
    whole = page.run(view)
    tab_to(page, "go-zoom-in")
    page.press("Enter", 13, "\r")
    near = page.run(view)
    assert near[1] - near[0] == pytest.approx(0.6 * (whole[1] - whole[0]))
    tab_to(page, "go-east")
    page.press("Enter", 13, "\r")
    assert page.run(view)[0] == pytest.approx(near[0] + (near[1] - near[0]) / 4)
    tab_to(page, "go-whole")
    page.press("Enter", 13, "\r")
    assert page.run(view) == pytest.approx(whole)


def test_one_metre_east_is_as_long_as_one_metre_north_on_any_screen(page: Browser, small: Path) -> None:
    ratio = """(p => (p.x_range.end - p.x_range.start) / p.inner_width * p.inner_height
      / (p.y_range.end - p.y_range.start))(Bokeh.documents[0].get_model_by_name('plot'))"""
    assert page.run(ratio) == pytest.approx(1.0, abs=0.01)
    page.open(small, width=390, height=844)
    page.rest(0.3)
    assert page.run(ratio) == pytest.approx(1.0, abs=0.01)


NAMES = """(() => {
  const page = Bokeh.documents[0], frame = Object.values(Bokeh.index)[0].frame, found = [];
  const pen = document.createElement("canvas").getContext("2d");
  for (const layer of ["clusters", "clusters_only", "areas"]) {
    const drawn = page.get_model_by_name("label-" + layer);
    if (!drawn || !drawn.visible) continue;
    const data = drawn.data_source.data;
    pen.font = (layer === "areas" ? "12px" : "bold 13px") + " sans-serif";
    data.text.forEach((text, i) => {
      if (!data.ink[i]) return;
      const x = frame.x_scale.compute(data.x[i]) - frame.bbox.left + data.across[i];
      const y = frame.y_scale.compute(data.y[i]) - frame.bbox.top + data.down[i];
      const half = pen.measureText(text).width / 2;
      found.push([text, x - half, y - 8, x + half, y + 8]);
    });
  }
  return [found, frame.bbox.width, frame.bbox.height];
})()"""


@pytest.mark.parametrize("width", [390, 1280])
def test_no_name_lies_over_another_or_leaves_the_map(browser: Browser, tmp_path: Path, width: int) -> None:
    """Seven clusters about the middles of three authorities: on a phone there is no room for every name."""
    tables = let_through.hotspots()
    one = tables["clusters"]
    wide = [one.assign(cluster_id=f"M{n}", geometry=one.geometry.translate(650 * n - 1_700, 120 * n)) for n in range(7)]
    tables["clusters"] = gpd.GeoDataFrame(pd.concat(wide, ignore_index=True), crs=one.crs)
    (tmp_path / "map.html").write_text(shared_map(let_through.shared(tables=tables)), encoding="utf-8")
    browser.open(tmp_path / "map.html", width=width, height=844)
    browser.rest(0.5)
    names, across, down = browser.run(NAMES)
    assert {name for name, *_ in names} >= {f"M{n}" for n in range(7)}
    for at, (_, left, top, right, bottom) in enumerate(names):
        assert left >= 0
        assert top >= 0
        assert right <= across
        assert bottom <= down
        assert all(right <= x0 or x1 <= left or bottom <= y0 or y1 <= top for _, x0, y0, x1, y1 in names[at + 1 :])
    if width > 1_000:
        assert {name for name, *_ in names} >= set(let_through.AREAS)
    browser.run("document.getElementById('show-clusters_only').click()")
    browser.rest(0.3)
    assert {name for name, *_ in browser.run(NAMES)[0]} == set(let_through.AREAS)


def test_what_lies_under_the_pointer_is_told(page: Browser) -> None:
    left, top = page.run(
        """(() => {
          const frame = Object.values(Bokeh.index)[0].frame;
          const room = document.getElementById("map").getBoundingClientRect();
          return [room.x + frame.x_scale.compute(432250), room.y + frame.y_scale.compute(331250)];
        })()"""
    )
    page.move(left - 1, top)
    page.rest(0.2)
    page.move(left, top)
    page.rest(0.2)
    told = page.run("document.getElementById('told').innerText")
    assert "cluster: C1" in told
    assert "how many: 15" in told
    page.press("Escape", 27)
    assert page.run("document.getElementById('told').hidden") is True


def test_the_tables_say_what_the_map_shows(page: Browser) -> None:
    rows = "Array.from(document.querySelectorAll('#t-{} ~ div tbody tr'), row => row.innerText)"
    assert len(page.run(rows.format("cells"))) == 6
    assert "C1" in page.run(rows.format("clusters"))[0]
    bare = "Array.from(document.querySelectorAll('table')).filter(t => !t.caption || !t.querySelector('th[scope=col]')"
    assert page.run(f"{bare} || !t.querySelector('th[scope=row]')).length") == 0
    unnamed = "Array.from(document.querySelectorAll('input, button')).filter(e => !(e.labels?.length || e.ariaLabel))"
    assert page.run(f"{unnamed}.length") == 0


def test_an_expired_map_says_so(browser: Browser, tmp_path: Path) -> None:
    old = let_through.shared(expires=let_through.AT.replace(year=2020), at=let_through.AT.replace(year=2019))
    new = let_through.shared(expires=let_through.AT.replace(year=9000))
    for shared, hidden in ((old, False), (new, True)):
        (tmp_path / "map.html").write_text(shared_map(shared), encoding="utf-8")
        browser.open(tmp_path / "map.html")
        assert browser.run("document.getElementById('expired').hidden") is hidden


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("what", ["map", "report", "subject"])
def test_no_page_is_wider_than_its_screen(browser: Browser, tmp_path: Path, what: str, width: int) -> None:
    make = {"map": lambda: shared_map(let_through.shared()), "report": lambda: report(let_through.shared()),
            "subject": lambda: report(let_through.subject())}  # fmt: skip
    (tmp_path / "page.html").write_text(make[what](), encoding="utf-8")
    browser.open(tmp_path / "page.html", width=width, height=844)
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run("document.querySelector('.stamp').getBoundingClientRect().top") < 60


def test_a_report_holds_no_script(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(report(let_through.subject()), encoding="utf-8")
    seen_ = browser.open(tmp_path / "page.html")
    assert browser.run("document.scripts.length") == 0
    assert (seen_.requests, seen_.violations, seen_.errors) == ([], [], [])


def test_every_printed_sheet_carries_the_stamp(browser: Browser, tmp_path: Path) -> None:
    """A foot of this kind is repeated on each sheet with room kept for it; on a screen it would say things twice."""
    (tmp_path / "page.html").write_text(report(let_through.subject()), encoding="utf-8")
    browser.open(tmp_path / "page.html")
    shown = "getComputedStyle(document.querySelector('.foot')).display"
    assert browser.run(shown) == "none"
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.run(shown) == "table-footer-group"
        assert browser.run("document.querySelector('.foot').textContent") == let_through.subject().stamp
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")
