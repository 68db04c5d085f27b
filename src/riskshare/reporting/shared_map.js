"use strict";
// Text from the data reaches the page through textContent and the canvas only, never as markup.
(function () {
  const told = JSON.parse(document.getElementById("map-data").textContent);
  const card = document.getElementById("told");
  const holder = document.getElementById("map-frame");
  const status = document.getElementById("map-state");
  const layers = [];
  let pointer = { x: 0, y: 0 };

  function tell(text) {
    card.replaceChildren();
    for (const shape of text === "" ? [] : text.split("\n\n")) {
      const part = document.createElement("div");
      for (const line of shape.split("\n")) {
        const row = document.createElement("p");
        row.textContent = line;
        part.append(row);
      }
      card.append(part);
    }
    card.hidden = text === "";
    const room = holder.getBoundingClientRect();
    const left = Math.min(pointer.x - room.left + 14, room.width - card.offsetWidth - 6);
    const top = Math.min(pointer.y - room.top + 14, room.height - card.offsetHeight - 6);
    card.style.left = Math.max(4, left) + "px";
    card.style.top = Math.max(4, top) + "px";
  }

  function refresh(kind) {
    const found = [];
    for (const layer of [...layers].reverse()) {
      if (!layer.drawn.visible) continue;
      for (const index of layer.drawn.data_source[kind].indices) found.push(layer.told[index]);
    }
    tell(found.slice(0, 3).join("\n\n"));
  }

  function ready() {
    const page = Bokeh.documents[Bokeh.documents.length - 1];
    const plot = page.get_model_by_name("plot");
    axes.push(...plot.below, ...plot.left);
    shape();
    const home = [plot.x_range.start, plot.x_range.end, plot.y_range.start, plot.y_range.end];

    const labels = told.layers.map((layer) => page.get_model_by_name("label-" + layer.name)).filter((one) => one).reverse();
    const pen = document.createElement("canvas").getContext("2d");
    let fitted = home, waiting = false;

    // Names that would lie over each other: those of clusters first, each where there is room near its place, or not at all.
    function arrange() {
      waiting = false;
      const width = plot.inner_width, height = plot.inner_height, taken = [];
      const [x0, x1, y0, y1] = now();
      for (const drawn of labels) {
        const data = drawn.data_source.data, bold = drawn.name !== "label-areas";
        const line = bold ? 19 : 18, above = bold ? [-11, -30, 30, 49] : [0, -line, line, -2 * line, 2 * line, -3 * line, 3 * line];
        const across = [], down = [], ink = [], ground = [];
        pen.font = (bold ? "bold 13px" : "12px") + " sans-serif";
        for (let i = 0; i < data.text.length; i++) {
          const half = pen.measureText(data.text[i]).width / 2 + 4;
          const x = (data.x[i] - x0) / (x1 - x0) * width, y = (y1 - data.y[i]) / (y1 - y0) * height;
          const seen = drawn.visible && x > 0 && x < width && y > 0 && y < height;
          const inside = Math.min(Math.max(x, half), Math.max(width - half, half));
          const at = seen && above.map((step) => [inside - half, y + step - line / 2, inside + half, y + step + line / 2])
            .find((box) => box[1] >= 0 && box[3] <= height && taken.every((other) =>
              box[2] <= other[0] || other[2] <= box[0] || box[3] <= other[1] || other[3] <= box[1]));
          if (at) taken.push(at);
          across.push(at ? inside - x : 0);
          down.push(at ? (at[1] + at[3]) / 2 - y : 0);
          ink.push(at ? 1 : 0);
          ground.push(at ? 0.7 : 0);
        }
        drawn.data_source.data = { ...data, across, down, ink, ground };
      }
    }
    function soon() {
      if (!waiting) requestAnimationFrame(arrange);
      waiting = true;
    }

    function look(x0, x1, y0, y1) {
      plot.x_range.setv({ start: x0, end: x1 });
      plot.y_range.setv({ start: y0, end: y1 });
    }
    // One metre east is as long as one metre north, whatever the shape of the screen.
    function fit(wanted) {
      const width = plot.inner_width, height = plot.inner_height;
      if (!(width > 0 && height > 0)) return;
      const metres = Math.max((wanted[1] - wanted[0]) / width, (wanted[3] - wanted[2]) / height);
      const x = (wanted[0] + wanted[1]) / 2, y = (wanted[2] + wanted[3]) / 2;
      look(x - metres * width / 2, x + metres * width / 2, y - metres * height / 2, y + metres * height / 2);
      fitted = now();
    }
    function now() { return [plot.x_range.start, plot.x_range.end, plot.y_range.start, plot.y_range.end]; }
    function zoom(factor) {
      const [x0, x1, y0, y1] = now(), x = (x0 + x1) / 2, y = (y0 + y1) / 2;
      const w = (x1 - x0) * factor / 2, h = (y1 - y0) * factor / 2;
      look(x - w, x + w, y - h, y + h);
    }
    function move(east, north) {
      const [x0, x1, y0, y1] = now(), dx = (x1 - x0) * east, dy = (y1 - y0) * north;
      look(x0 + dx, x1 + dx, y0 + dy, y1 + dy);
    }
    const moves = {
      "zoom-in": () => zoom(0.6), "zoom-out": () => zoom(1 / 0.6), "whole": () => fit(home),
      "west": () => move(-0.25, 0), "east": () => move(0.25, 0), "north": () => move(0, 0.25), "south": () => move(0, -0.25),
    };
    for (const [name, act] of Object.entries(moves)) {
      document.getElementById("go-" + name).addEventListener("click", () => { tell(""); act(); });
    }
    for (const layer of told.layers) {
      const drawn = ["layer-", "label-"].map((kind) => page.get_model_by_name(kind + layer.name)).filter((one) => one);
      const box = document.getElementById("show-" + layer.name);
      const show = () => { for (const one of drawn) one.visible = box.checked; tell(""); soon(); };
      box.addEventListener("change", show);
      show();
      if (layer.told.length > 0) {
        const source = drawn[0].data_source;
        layers.push({ told: layer.told, drawn: drawn[0] });
        source.inspect.connect(() => refresh("inspected"));
        source.selected.change.connect(() => refresh("selected"));
      }
    }
    for (const range of [plot.x_range, plot.y_range]) {
      for (const end of ["start", "end"]) range.properties[end].change.connect(soon);
    }
    // A turned phone gets the whole map again, unless its reader has gone somewhere.
    const resized = () => fit(now().every((value, at) => Math.abs(value - fitted[at]) < 1e-6) ? home : now());
    plot.properties.inner_width.change.connect(resized);
    plot.properties.inner_height.change.connect(resized);
    window.addEventListener("resize", shape);
    fit(home);
    arrange();
    status.textContent = "";
    document.documentElement.dataset.ready = "yes";
  }

  // As tall as the ground is for its width, so that a narrow screen is not left half empty; where it is narrow, no figures
  // beside the map either: its scale bar tells as much.
  const axes = [];
  function shape() {
    const narrow = holder.clientWidth < 480;
    holder.style.height = "";
    holder.style.height = Math.min(holder.clientHeight, holder.clientWidth * told.shape + (narrow ? 8 : 60)) + "px";
    for (const axis of axes) axis.visible = !narrow;
  }
  shape();
  holder.addEventListener("pointermove", (event) => { pointer = { x: event.clientX, y: event.clientY }; }, true);
  holder.addEventListener("pointerdown", (event) => { pointer = { x: event.clientX, y: event.clientY }; }, true);
  holder.addEventListener("pointerleave", () => tell(""));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tell(""); });
  if (Date.now() >= Date.parse(told.expires)) document.getElementById("expired").hidden = false;
  Bokeh.embed.embed_item(told.item).then(ready);
})();
