// The plane: what a network says of each place, its border, the points, and drawing with mouse and keys.
const planes = (() => {
  const { add, byId, color } = charts;
  const SIZE = 480;

  // Bytes of a field, row by row from below.
  const decoded = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  function shade(field, cells) {
    const context = byId("field").getContext("2d");
    if (!field) { context.clearRect(0, 0, cells, cells); return; }
    const image = context.createImageData(cells, cells);
    for (let row = 0; row < cells; row += 1) {
      for (let column = 0; column < cells; column += 1) {
        const parts = color(field[row * cells + column] / 255).match(/\d+/g).map(Number);
        image.data.set([...parts, 255], 4 * ((cells - 1 - row) * cells + column));
      }
    }
    context.putImageData(image, 0, 0);
  }

  // Where the probability is a half: between the middles of cells, square by square.
  function border(field, cells) {
    const half = 127.5;
    const at = (row, column) => field[row * cells + column] - half;
    const middle = (index) => ((index + 0.5) * SIZE) / cells;
    let text = "";
    for (let row = 0; row + 1 < cells; row += 1) {
      for (let column = 0; column + 1 < cells; column += 1) {
        const corners = [[row, column], [row, column + 1], [row + 1, column + 1], [row + 1, column]];
        const found = [];
        corners.forEach((a, i) => {
          const b = corners[(i + 1) % 4];
          const [u, v] = [at(...a), at(...b)];
          if ((u > 0) === (v > 0)) return;
          const share = u / (u - v);
          const mixed = [0, 1].map((k) => a[k] + share * (b[k] - a[k]));
          found.push([middle(mixed[1]), SIZE - middle(mixed[0])]);
        });
        for (let i = 0; i + 1 < found.length; i += 2) {
          const [from, to] = [found[i], found[i + 1]].map((p) => p.map((v) => v.toFixed(1)).join(" "));
          text += `M${from}L${to}`;
        }
      }
    }
    return text;
  }

  function dot(svg, kind, label, [x, y], r) {
    const name = `dot ${kind} ${label ? "one" : "zero"}`;
    if (label) add(svg, "rect", { class: name, x: x - r + 0.6, y: y - r + 0.6, width: 2 * r - 1.2, height: 2 * r - 1.2 });
    else add(svg, "circle", { class: name, cx: x, cy: y, r });
  }

  function cross(svg, x, y) {
    for (const kind of ["cross", "cross inner"]) {
      add(svg, "path", { class: kind, d: `M${x - 14} ${y}H${x + 14}M${x} ${y - 14}V${y + 14}` });
    }
  }

  // Draws everything: field may be none, cloud is [x, y, class, trains] each, at is the cross.
  function draw(one) {
    const { field, cells, cloud, reach, at, words } = one;
    shade(field, cells);
    const host = byId("shown");
    host.replaceChildren();
    const svg = add(host, "svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img", "aria-label": words });
    const place = (x, y) => [((x + reach) / (2 * reach)) * SIZE, ((reach - y) / (2 * reach)) * SIZE];
    if (field) {
      const d = border(field, cells);
      for (const kind of ["border", "border inner"]) add(svg, "path", { class: kind, d });
    }
    const cell = (v) => Math.min(Math.floor(((v + reach) / (2 * reach)) * cells), cells - 1);
    // Whether the network says square there; nothing where it says nothing yet.
    const says = (x, y) => (field ? Number(field[cell(y) * cells + cell(x)] > 127) : null);
    for (const [x, y, label, trains] of cloud) {
      const said = says(x, y);
      const kind = said === null ? "hollow" : said === label ? "hollow right" : "hollow wrong";
      if (!trains) dot(svg, kind, label, place(x, y), 4);
    }
    for (const [x, y, label, trains] of cloud) if (trains) dot(svg, "filled", label, place(x, y), 6);
    cross(svg, ...place(...at));
  }

  // Calls act([x, y]) where somebody clicks or presses Enter, and moved([x, y]) when the cross moves.
  function listen(reach, act, moved) {
    const host = byId("plane");
    const at = [0, 0];
    const inside = (v) => Math.min(Math.max(v, -reach), reach);
    const placeOf = (event) => {
      const box = host.getBoundingClientRect();
      const share = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      return [inside((2 * share[0] - 1) * reach), inside((1 - 2 * share[1]) * reach)];
    };
    const actAt = (place) => {
      host.classList.remove("keyed");
      [at[0], at[1]] = place;
      act([...at]);
    };
    // Held and moved, a mouse acts all along its way, and no more where it is let go; a finger scrolls.
    let last = null;
    let dragged = false;
    host.addEventListener("pointerdown", (event) => {
      dragged = false;
      last = event.pointerType !== "touch" && event.button === 0 ? placeOf(event) : null;
    });
    host.addEventListener("pointermove", (event) => {
      if (!(event.buttons & 1)) last = null;
      if (!last) return;
      const place = placeOf(event);
      if (Math.hypot(place[0] - last[0], place[1] - last[1]) < reach / 8) return;
      if (!dragged) actAt(last);
      dragged = true;
      last = place;
      actAt(place);
    });
    host.addEventListener("click", (event) => {
      if (!dragged) actAt(placeOf(event));
      dragged = false;
    });
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    host.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        act([...at]);
      } else if (event.key in steps) {
        const size = (event.shiftKey ? 0.5 : 0.1) * (reach / 3);
        steps[event.key].forEach((step, k) => { at[k] = inside(Math.round((at[k] + step * size) * 100) / 100); });
        moved([...at]);
      } else {
        return;
      }
      host.classList.add("keyed");
      event.preventDefault();
    });
    return at;
  }

  return { decoded, draw, listen };
})();
