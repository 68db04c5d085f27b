"""The map that can leave: one page that needs nothing but itself, asks for nothing, and runs only its own script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

import shapely

from riskshare.reporting.drawing import needs_maps
from riskshare.reporting.pages import Script, escaped, page, paragraphs, plain, read, section, table, tag
from riskshare.reporting.shared_layers import DECIMALS, Layer, bounds, layers_of
from riskshare.reporting.shared_sections import endings, foot, is_borders, stamp, table_words, title_of
from riskshare.reporting.shared_words import area_names, texts
from riskshare.sharing.shared import Shared, must_be_shared

MOST_LABELS: Final = 60
"""More names than this hide the map; the table holds them all."""
_BUTTONS: Final = (
    ("zoom-in", "+", "Zoom in"), ("zoom-out", "−", "Zoom out"), ("west", "←", "Move west"), ("east", "→", "Move east"),
    ("north", "↑", "Move north"), ("south", "↓", "Move south"), ("whole", "Whole map", "Show the whole map"),
)  # fmt: skip


def shared_map(shared: Shared) -> str:
    """Return a map of what was shared as one HTML page that works with no network.

    Parameters
    ----------
    shared : Shared
        With at least one table that has shapes.

    Returns
    -------
    str
        Borders, cells and clusters on axes in metres (EPSG:27700), a switch for each layer that is its legend too,
        what lies under the pointer in words, a scale bar, and a table of the same for those who cannot see a map. The
        same input gives the same bytes.

    Raises
    ------
    MissingExtraError
        Bokeh is not installed.
    PolicyError
        This is not what sharing let through, was changed since, or has no place that its recipient may see.

    Notes
    -----
    Bokeh draws on a canvas, and nothing of it that turns text into markup is used: see ``content_policy`` in
    ``riskshare.reporting.pages``, which would stop it.
    """
    must_be_shared("shared_map", shared)
    layers = layers_of(shared, "shared_map")
    west, south, east, north = _view(layers)
    data = {
        "layers": [_known(layer) for layer in layers], "shape": round((north - south) / (east - west), 3),
        "expires": shared.expires.isoformat(), "item": _item(layers),
    }  # fmt: skip
    scripts = (
        Script(_island(data), island="map-data"), Script(_bokeh()), Script(read("shared_map.js")),
    )  # fmt: skip
    return page(title_of(shared), _body(shared, layers), scripts=scripts, loose_style=True)


def _view(layers: tuple[Layer, ...]) -> tuple[float, float, float, float]:
    """Return the ground that is seen at first: all that is drawn, with room for the scale bar beneath it."""
    west, south, east, north = bounds(layers)
    return west, south - 0.1 * max(north - south, 0.5 * (east - west)), east, north


def _known(layer: Layer) -> dict[str, Any]:
    return {"name": layer.name, "told": list(layer.told)}


def _body(shared: Shared, layers: Sequence[Layer]) -> str:
    late = tag(
        "p",
        "This map has expired: delete it, and ask for a new one.",
        class_="warn",
        id="expired",
        role="alert",
        hidden="",
    )
    skip = tag("a", "Skip the map and read the tables", class_="skip", href="#tables")
    head = tag("header", skip, stamp(shared), late, tag("h1", escaped(title_of(shared))))
    state = tag(
        "p", "The map needs scripts of this page to run; the tables below do not.", id="map-state", role="status"
    )
    said = "A map of what the tables below list. Zoom and move with the buttons above."
    frame = tag(
        "div", tag("div", id="map", role="img", aria_label=said), tag("div", class_="told", id="told", hidden=""),
        class_="map", id="map-frame",
    )  # fmt: skip
    hint = "Drag to move; Ctrl and the wheel, or the buttons, to zoom. Point at a shape, or tap it, to read what it is."
    return "".join(
        [head, tag("main", _controls(layers), frame, state, tag("p", escaped(hint), class_="soft"),
                   tag("div", _tables(shared), id="tables"), endings(shared)), foot(shared)]
    )  # fmt: skip


def _controls(layers: Sequence[Layer]) -> str:
    switches = []
    for layer in reversed(layers):
        on = {"checked": ""} if layer.shown else {}
        box = tag("input", type="checkbox", id=f"show-{layer.name}", **on)
        switches.append(tag("label", box, _swatch(layer), tag("span", escaped(layer.title)), for_=f"show-{layer.name}"))
    buttons = [
        tag("button", escaped(face), type="button", id=f"go-{name}", aria_label=said) for name, face, said in _BUTTONS
    ]
    shown = tag("fieldset", tag("legend", "Show on the map"), tag("div", *switches, class_="layers"), class_="show")
    moved = tag("fieldset", tag("legend", "Move the map"), tag("div", *buttons, class_="buttons"))
    return tag("div", shown, moved, class_="controls")


def _swatch(layer: Layer) -> str:
    look = layer.look
    size = {"x": "2", "y": "2", "width": "20", "height": "12"}
    if look.kind == "point":
        drawn = tag("circle", cx="12", cy="8", r="5", fill=look.colour)
    elif look.kind == "line":
        drawn = tag("rect", **size, fill="none", stroke=look.colour, stroke_width=f"{look.width:g}")
    else:
        drawn = tag("rect", **size, fill=look.colour, fill_opacity=f"{look.opacity:g}")
    return tag("svg", drawn, class_="swatch", width="24", height="16", aria_hidden="true")


def _tables(shared: Shared) -> str:
    """Return everything that the map shows as tables: findings open, long lists folded."""
    names = area_names(shared)
    parts = []
    for name in sorted(shared.tables, key=lambda each: each == "cells"):
        frame = shared.tables[name]
        heads, rows = texts(frame, names)
        if is_borders(name, frame) or not heads:
            continue
        listed = table(f"{table_words(name)} on the map: {len(rows):,}", heads, rows, stacked=len(rows) <= MOST_LABELS)
        if not rows:
            listed = paragraphs([f"{table_words(name)}: none that may be shown."])
        elif len(rows) > MOST_LABELS:
            listed = tag("details", tag("summary", escaped(f"All {len(rows):,}, as a table")), listed)
        parts.append(section(table_words(name), listed, name=f"t-{name}"))
    return "".join(parts)


def _bokeh() -> str:
    code = files("bokeh").joinpath("server/static/js/bokeh.min.js").read_text(encoding="utf-8")
    return code.replace("</script", "<\\/script")


def _island(data: object) -> str:
    """Return JSON that no reader of HTML can take for anything else."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _item(layers: tuple[Layer, ...]) -> object:
    """Return the drawing as Bokeh's document, with ids in order of appearance: the same input, the same bytes."""
    with needs_maps("Drawing a map"):
        from bokeh.embed import json_item
    target: Any = "map"
    return _renumbered(json_item(_plot(layers), target), {})


def _plot(layers: tuple[Layer, ...]) -> Any:
    from bokeh import models, plotting

    kit: Any = models  # its annotations know less than it can do
    west, south, east, north = _view(layers)
    plot: Any = plotting.figure(
        name="plot", x_range=kit.Range1d(west, east), y_range=kit.Range1d(south, north), sizing_mode="stretch_both",
        tools=[], toolbar_location=None, x_axis_label="Easting (m), EPSG:27700", y_axis_label="Northing (m)",
        output_backend="canvas", lod_threshold=None,
    )  # fmt: skip
    drawn = [renderer for layer in layers for renderer in _draw(plot, layer)]
    # No tooltips: Bokeh makes them as markup. The page's own script tells in plain text what is under the pointer.
    plot.add_tools(
        kit.PanTool(), kit.WheelZoomTool(modifiers="ctrl"), kit.HoverTool(tooltips=None, renderers=drawn),
        kit.TapTool(renderers=drawn),
    )  # fmt: skip
    for axis in plot.axis:
        axis.formatter = kit.BasicTickFormatter(use_scientific=False)
        axis.ticker.desired_num_ticks = 5
    plot.yaxis.major_label_orientation = "vertical"
    plot.grid.grid_line_alpha = 0.4
    bar = kit.ScaleBar(
        range=plot.x_range, unit="m", location="bottom_left", bar_length=0.15, margin=4, padding=4,
        border_line_color=None, background_fill_alpha=0.8,
    )  # fmt: skip
    plot.add_layout(bar)
    return plot


def _draw(plot: Any, layer: Layer) -> list[Any]:
    """Draw a layer, and return what of it can be pointed at."""
    look = layer.look
    if look.kind == "point":
        east, north = zip(*(middle(shape) for shape in layer.shapes), strict=True)
        style: dict[str, Any] = {"size": 10, "fill_color": look.colour, "line_color": "#ffffff"}
        drawn = plot.scatter(x=list(east), y=list(north), name=f"layer-{layer.name}", visible=layer.shown, **style)
    else:
        rings = [_rings(shape) for shape in layer.shapes]
        fill = {"fill_color": look.colour, "fill_alpha": look.opacity, "line_color": None}
        line = {"fill_color": None, "line_color": look.colour, "line_width": look.width, "line_dash": look.dash}
        xs, ys = ([[[list(ring[axis]) for ring in part] for part in shape] for shape in rings] for axis in (0, 1))
        drawn = plot.multi_polygons(
            xs=xs, ys=ys, name=f"layer-{layer.name}", visible=layer.shown, **(fill if look.kind == "fill" else line)
        )
    drawn.selection_glyph = drawn.nonselection_glyph = None
    _write(plot, layer)
    return [drawn] if layer.told else []


def _write(plot: Any, layer: Layer) -> None:
    if not layer.labels:
        return
    from bokeh.models import ColumnDataSource

    labels = [plain(text) for text in layer.labels[:MOST_LABELS]]
    east, north = zip(*(label_place(layer, shape) for shape in layer.shapes[: len(labels)]), strict=True)
    none = [0.0] * len(labels)
    size, weight = ("12px", "normal") if layer.name == "areas" else ("13px", "bold")
    # The page's script finds room for each: it alone knows how large the screen is.
    told: dict[str, Any] = {
        "x": list(east),
        "y": list(north),
        "text": labels,
        "across": none,
        "down": none,
        "ink": none,
        "ground": none,
    }
    plot.text(
        source=ColumnDataSource(told), x="x", y="y", text="text", x_offset="across", y_offset="down", text_alpha="ink",
        background_fill_alpha="ground", name=f"label-{layer.name}", text_align="center", text_color="#222222",
        text_baseline="middle", text_font={"value": "sans-serif"}, text_font_size=size, text_font_style=weight,
        background_fill_color="#ffffff", padding=2, border_radius=2,
    )  # fmt: skip


def _rings(shape: shapely.Geometry) -> list[list[tuple[list[float], list[float]]]]:
    """Return every part as its outer ring and its holes, each as eastings and northings without the closing point."""
    parts = []
    for part in shapely.get_parts(shape):
        rings = [shapely.get_coordinates(ring)[:-1] for ring in (part.exterior, *part.interiors)]
        parts.append([(ring[:, 0].tolist(), ring[:, 1].tolist()) for ring in rings])
    return parts


def label_place(layer: Layer, shape: shapely.Geometry) -> tuple[float, float]:
    """Return where a name stands: in the middle of an authority, on top of anything else, so as not to cover it."""
    east, north = middle(shape)
    return (east, north) if layer.name == "areas" else (east, float(shapely.bounds(shape)[3]))


def middle(shape: shapely.Geometry) -> tuple[float, float]:
    """Return a point inside the largest part."""
    inside = max(shapely.get_parts(shape), key=shapely.area).representative_point()
    return round(float(inside.x), DECIMALS), round(float(inside.y), DECIMALS)


def _renumbered(value: Any, known: dict[str, str]) -> Any:
    """Return a document whose ids are numbered in order of appearance; texts of the data stay as they are."""
    if isinstance(value, dict):
        return {
            name: known.setdefault(each, f"m{len(known)}")
            if name in ("id", "root_id") and isinstance(each, str)
            else _renumbered(each, known)
            for name, each in value.items()
        }
    return [_renumbered(each, known) for each in value] if isinstance(value, list) else value
