"use strict";
// What every page draws with.
const charts = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  const byId = (id) => document.getElementById(id);

  function add(parent, name, attributes = {}, text = null) {
    const one = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
    if (text !== null) one.textContent = text;
    parent.appendChild(one);
    return one;
  }

  function element(parent, name, text = null) {
    const one = document.createElement(name);
    if (text !== null) one.textContent = text;
    parent.appendChild(one);
    return one;
  }

  // A number as people read it: with a minus sign, which 0 has not.
  const minus = (text) => (text.startsWith("-") ? `${/[1-9]/.test(text) ? "−" : ""}${text.slice(1)}` : text);

  const exists = (value) => value !== null && value !== undefined;

  // So many decimals as the steps of an axis need.
  function shown(value, step, share) {
    const scaled = share ? 100 * value : value;
    const size = share ? 100 * step : step;
    if (Math.abs(scaled) >= 1e5) return Number(scaled.toPrecision(3)).toExponential().replace("e+", "e").replace("-", "−");
    if (size < 1e-4) return minus(String(Number(scaled.toPrecision(3))));
    const decimals = Math.max(0, -Math.floor(Math.log10(size) + 1e-9));
    return minus(scaled.toFixed(decimals)) + (share ? " %" : "");
  }

  function ticks(low, high, most) {
    const rough = Math.max((high - low) / Math.max(most, 1), 1e-12);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
    const values = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i += 1) {
      values.push(i * step);
    }
    return { values, step };
  }

  function canvas(host, height, words) {
    const width = Math.max(240, host.clientWidth || 240);
    host.replaceChildren();
    const svg = add(host, "svg", {
      viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words,
    });
    return { svg, width, height };
  }

  // Text that is cut where there is no room; its whole stands in the table.
  function fitted(text, pixels) {
    const most = Math.max(6, Math.floor(pixels / 6.6));
    return text.length > most ? `${text.slice(0, most - 1)}…` : text;
  }

  const path = (xs, ys) => {
    let text = "";
    let pen = "M";
    ys.forEach((y, i) => {
      if (!exists(y) || !exists(xs[i])) { pen = "M"; return; }
      text += `${pen}${xs[i].toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    });
    return text;
  };

  // Cividis: read alike by people who see all colors and by those who do not.
  const RAMP = [[0, 34, 78], [53, 69, 108], [102, 105, 112], [148, 142, 119], [200, 184, 102], [254, 232, 56]];

  function color(share) {
    const at = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1);
    const i = Math.min(Math.floor(at), RAMP.length - 2);
    const mix = RAMP[i].map((c, k) => Math.round(c + (at - i) * (RAMP[i + 1][k] - c)));
    return `rgb(${mix.join(",")})`;
  }

  // Black or white, whichever stands out more: one of them always does by 4.5 (WCAG 2.2).
  function inkOn(fill) {
    const [red, green, blue] = fill.match(/\d+/g).map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
  }

  function frame(host, options) {
    const { svg, width, height } = canvas(host, options.height || 260, options.words);
    const box = { left: 54, right: width - 12, top: options.top || 26, bottom: height - 40 };
    const x = (v) => box.left + ((v - options.x[0]) / (options.x[1] - options.x[0])) * (box.right - box.left);
    const y = (v) => box.bottom - ((v - options.y[0]) / (options.y[1] - options.y[0])) * (box.bottom - box.top);
    const up = ticks(options.y[0], options.y[1], 5);
    for (const value of up.values) {
      add(svg, "line", { class: "grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) });
      add(svg, "text", { class: "tick", x: box.left - 7, y: y(value) + 4, "text-anchor": "end" },
        shown(value, up.step, options.share));
    }
    for (const [value, label] of options.ticks) {
      add(svg, "line", { class: "axis", x1: x(value), x2: x(value), y1: box.bottom, y2: box.bottom + 4 });
      add(svg, "text", { class: "tick", x: x(value), y: box.bottom + 17, "text-anchor": "middle" }, label);
    }
    add(svg, "line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom });
    add(svg, "text", { x: (box.left + box.right) / 2, y: height - 4, "text-anchor": "middle" }, options.xLabel);
    if (options.yLabel) add(svg, "text", { class: "tick", x: 4, y: 12 }, options.yLabel);
    const id = `clip-${host.id}`;
    const clip = add(add(svg, "defs"), "clipPath", { id });
    add(clip, "rect", { x: box.left, y: box.top - 2, width: box.right - box.left, height: box.bottom - box.top + 4 });
    const inside = add(svg, "g", { "clip-path": `url(#${id})` });
    return { svg, inside, box, x, y, width, height };
  }

  // A row of samples with their names, at the right above the chart.
  function legend(svg, width, entries, top = 12) {
    let right = width - 12;
    for (const [kind, name, shape] of [...entries].reverse()) {
      const size = 6.6 * name.length;
      add(svg, "text", { x: right, y: top, "text-anchor": "end" }, name);
      if (shape === "bar") {
        add(svg, "rect", { class: `${kind} bar`, x: right - size - 18, y: top - 9, width: 12, height: 9 });
      } else if (shape === "dot") {
        add(svg, "circle", { class: kind, cx: right - size - 11, cy: top - 4, r: 5 });
      } else if (shape === "square") {
        add(svg, "rect", { class: kind, x: right - size - 16, y: top - 9, width: 9, height: 9 });
      } else {
        add(svg, "line", { class: `${kind} line`, x1: right - size - 26, x2: right - size - 6, y1: top - 4, y2: top - 4 });
      }
      right -= size + 36;
    }
  }

  // Where samples with their names stand, left to right in as many rows as they want.
  function legendPlaces(names, width) {
    let [x, row] = [0, 0];
    return names.map((name) => {
      const size = 28 + 6.9 * fitted(name, width - 60).length;
      if (x > 0 && x + size > width - 24) { x = 0; row += 1; }
      const place = { x: 12 + x, y: 12 + 17 * row };
      x += size + 16;
      return place;
    });
  }

  function legendHeight(names, width) {
    const places = legendPlaces(names, width);
    return places.length ? places[places.length - 1].y + 8 : 0;
  }

  function legendRows(svg, width, entries) {
    const places = legendPlaces(entries.map(([, name]) => name), width);
    entries.forEach(([kind, name], i) => {
      const { x, y } = places[i];
      add(svg, "line", { class: `${kind} line`, x1: x, x2: x + 20, y1: y - 4, y2: y - 4 });
      add(svg, "text", { x: x + 26, y }, fitted(name, width - 60));
    });
  }

  function epochTicks(last) {
    const found = ticks(1, last, 6);
    const whole = [...new Set([1, ...found.values.map(Math.round)])].filter((v) => v >= 1 && v <= last);
    return whole.filter((v) => v === 1 || v - 1 > (last - 1) / 14).map((v) => [v, String(v)]);
  }

  // One figure by epoch on training and validation rows: the mean of runs, and each of them.
  function curves(host, one) {
    const { epochs, limits, share } = one;
    const last = Math.max(2, epochs[epochs.length - 1]);
    const fit = frame(host, {
      x: [1, last], y: limits, share, ticks: epochTicks(last), xLabel: "epoch", yLabel: "",
      words: `${one.label} by epoch on training and validation rows, ${one.words}`,
    });
    const kinds = ["train", "val"];
    for (const run of one.runs) {
      kinds.forEach((kind, i) => {
        const values = run[i];
        if (values.length > 1) {
          add(fit.inside, "path", { class: `${kind} thin`, d: path(epochs.map(fit.x), values.map((v) => (exists(v) ? fit.y(v) : null))) });
        }
      });
    }
    kinds.forEach((kind, i) => {
      const values = one.mean[i];
      const ys = values.map((v) => (exists(v) ? fit.y(v) : null));
      add(fit.inside, "path", { class: `${kind} line${i ? "" : " dashed"}`, d: path(epochs.map(fit.x), ys) });
      if (values.length === 1 && exists(ys[0])) add(fit.inside, "circle", { class: kind, cx: fit.x(epochs[0]), cy: ys[0], r: 4 });
    });
    for (const stop of one.stops) {
      add(fit.svg, "line", { class: "third", x1: fit.x(stop), x2: fit.x(stop), y1: fit.box.bottom - 7, y2: fit.box.bottom });
    }
    legend(fit.svg, fit.width, [["train dashed", "training"], ["val", "validation"]]);
  }

  // The curves of a point in numbers: some of their epochs, of metric and loss on both parts.
  function curveNumbers(host, one) {
    host.replaceChildren();
    element(host, "caption", one.caption);
    const head = element(element(host, "thead"), "tr");
    for (const text of ["epoch", `training ${one.words}`, `validation ${one.words}`, "training loss", "validation loss"]) {
      element(head, "th", text).scope = "col";
    }
    const body = element(host, "tbody");
    const last = Math.max(...one.series.map((values) => values.length));
    const wanted = new Set();
    for (let i = 0; i < 12; i += 1) wanted.add(Math.round((i * (last - 1)) / 11));
    for (const i of [...wanted].filter((k) => k >= 0 && k < last)) {
      const row = element(body, "tr");
      element(row, "th", String(one.epochs[i])).scope = "row";
      one.series.forEach((values, k) => {
        const value = values[i];
        const text = k < 2 && one.share ? `${(100 * value).toFixed(1)}\u00a0%` : minus(String(Number(Number(value).toPrecision(4))));
        element(row, "td", exists(value) ? text : "–");
      });
    }
  }

  function spread(values, zero = false) {
    const some = values.filter(exists);
    if (zero) some.push(0);
    const low = Math.min(...some);
    const high = Math.max(...some);
    const margin = 0.06 * Math.max(high - low, 1e-3);
    return some.length ? [low - margin, high + margin] : [0, 1];
  }

  // Where a value stands between the worst and the best.
  function goodness(one) {
    const values = one.points.map((p) => p.value).filter(exists).sort((a, b) => a - b);
    const worst = one.higher ? values[Math.floor(values.length * 0.05)] : values[0];
    const best = one.higher ? values[values.length - 1] : values[Math.ceil(values.length * 0.95) - 1];
    const share = (v) => (best === worst ? 0.5 : (v - worst) / (best - worst));
    return { share: (v) => Math.min(Math.max(one.higher ? share(v) : 1 - share(v), 0), 1), low: worst, high: best };
  }

  // Two strengths by two: what each point reached, and a click that leads there.
  function map(host, one, words, pick) {
    const [across, up] = one.axes;
    const left = 58;
    const available = Math.max(240, host.clientWidth) - left - 12;
    const cell = available / across.labels.length;
    const tall = Math.min(46, Math.max(26, cell));
    const top = 26;
    const height = top + tall * up.labels.length + 82;
    const { svg, width } = canvas(host, height, words);
    const good = goodness(one);
    const bottom = top + tall * up.labels.length;
    add(svg, "text", { class: "tick", x: 4, y: 14 }, up.words);
    const cells = one.points.map((p, i) => {
      const x = left + p.at[0] * cell;
      const y = bottom - (p.at[1] + 1) * tall;
      const share = exists(p.value) ? good.share(p.value) : 0;
      const rect = add(svg, "rect", { class: "pick", x: x + 1, y: y + 1, width: cell - 2, height: tall - 2, fill: exists(p.value) ? color(share) : "transparent" });
      rect.addEventListener("click", () => pick(i));
      // A map that is drawn anew while a button is held has lost the cell, and with it the click; a finger may scroll.
      rect.addEventListener("pointerdown", (event) => { if (event.pointerType !== "touch" && event.button === 0) pick(i); });
      const title = add(rect, "title");
      title.textContent = p.words;
      const glyph = one.marks.filter(([, at]) => at === i).map(([, , sign]) => sign).join("");
      const digits = exists(p.value) ? shown(p.value, one.share ? 0.001 : 0.01 * Math.abs(p.value || 1), one.share).replace(" %", "") : "–";
      const fill = exists(p.value) ? color(share) : null;
      const text = cell > 40 ? `${digits}${glyph && ` ${glyph}`}` : glyph;
      add(svg, "text", { x: x + cell / 2, y: y + tall / 2 + 4, "text-anchor": "middle", "pointer-events": "none" }, text)
        .style.fill = fill ? inkOn(fill) : "";
      return [x, y];
    });
    const everyUp = Math.ceil(18 / tall);
    up.labels.forEach((label, i) => {
      if (i % everyUp === 0) add(svg, "text", { class: "tick", x: left - 7, y: bottom - (i + 0.5) * tall + 4, "text-anchor": "end" }, label);
    });
    const every = Math.ceil(46 / cell);
    across.labels.forEach((label, i) => {
      if (i % every === 0) add(svg, "text", { class: "tick", x: left + (i + 0.5) * cell, y: bottom + 16, "text-anchor": "middle" }, label);
    });
    add(svg, "text", { x: left + available / 2, y: bottom + 34, "text-anchor": "middle" }, across.words);
    colorBar(svg, left, bottom + 48, Math.min(220, available), one, good);
    const names = one.marks.map(([name, , sign]) => `${sign} ${name}`).join("   ");
    add(svg, "text", { class: "tick", x: width - 12, y: 14, "text-anchor": "end" }, names);
    const halo = add(svg, "rect", { class: "halo", width: cell, height: tall });
    const mark = add(svg, "rect", { class: "here", width: cell, height: tall });
    return (index) => {
      const [x, y] = cells[index];
      for (const rect of [halo, mark]) { rect.setAttribute("x", x); rect.setAttribute("y", y); }
    };
  }

  function colorBar(svg, left, top, width, one, good) {
    const steps = 24;
    const ends = one.higher ? [good.low, good.high] : [good.high, good.low];
    for (let i = 0; i < steps; i += 1) {
      add(svg, "rect", { x: left + (i * width) / steps, y: top, width: width / steps + 0.5, height: 9, fill: color(i / (steps - 1)) });
    }
    const step = Math.max(Math.abs(ends[1] - ends[0]) / 20, 1e-4);
    add(svg, "text", { class: "tick", x: left, y: top + 23 }, `${shown(ends[0], step, one.share)} (worse)`);
    add(svg, "text", { class: "tick", x: left + width, y: top + 23, "text-anchor": "end" }, `${shown(ends[1], step, one.share)} (better)`);
  }

  return {
    add, byId, canvas, color, colorBar, curveNumbers, curves, element, exists, fitted, frame, goodness, inkOn, legend, legendHeight, legendRows, map,
    path, shown, spread, ticks,
  };
})();
