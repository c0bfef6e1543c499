"use strict";
(() => {
  document.documentElement.classList.add("script");
  const data = JSON.parse(document.getElementById("data").textContent);
  const explorer = data.explorer;
  const {
    add, byId, canvas, color, colorBar, curveNumbers, curves, element, exists, fitted, frame, goodness, legend, legendHeight, legendRows, path,
    shown, spread, ticks,
  } = charts;
  const moved = []; // Called when another point is shown.
  const drawn = []; // Called when there is another width to draw for.
  const filtered = []; // Called when other points are left away.
  let here = 0;
  let kept = null; // Whether each point is shown; null where nothing is left away.

  // ------------------------------------------------------------ the explorer

  const point = () => explorer.points[here];

  function drawCurves(id, offset, limits, share, label) {
    const { words, runs, mean, stops } = point();
    const pair = (all) => all.slice(offset, offset + 2);
    curves(byId(id), {
      epochs: explorer.epochs, limits, share, label, words, stops, mean: pair(mean), runs: runs.map(pair),
    });
  }

  function drawWeights() {
    const one = point();
    const { reach, count } = explorer.bins;
    const other = explorer.points[explorer.reference];
    const beside = here === explorer.reference ? [] : other.histogram;
    const top = 1.08 * Math.max(0.001, ...one.histogram, ...beside, one.zeros);
    const width = (2 * reach) / count;
    const up = ticks(-reach, reach, 6);
    const fit = frame(byId("weights-chart"), {
      x: [-reach - 1.5 * width, reach + 1.5 * width], y: [0, top], share: true,
      ticks: up.values.map((v) => [v, shown(v, up.step, false)]),
      xLabel: "weight", yLabel: "",
      words: `Histogram of the weights, ${one.words}. ${one.weights}`,
    });
    const step = (fit.x(width) - fit.x(0));
    one.histogram.forEach((share, i) => {
      const y = fit.y(share);
      add(fit.inside, "rect", { class: "train bar", x: fit.x(-reach + i * width) + 0.5, y, width: Math.max(step - 1, 1), height: Math.max(fit.box.bottom - y, 0) });
    });
    if (beside.length) {
      const xs = [];
      const ys = [];
      beside.forEach((share, i) => {
        for (const end of [0, 1]) { xs.push(fit.x(-reach + (i + end) * width)); ys.push(fit.y(share)); }
      });
      add(fit.inside, "path", { class: "ghost", d: path(xs, ys) });
    }
    if (one.zeros > 0) {
      const y = fit.y(one.zeros);
      add(fit.inside, "rect", { class: "val bar", x: fit.x(0) - 2, y, width: 4, height: Math.max(fit.box.bottom - y, 0) });
    }
    const entries = [];
    if (one.zeros > 0) entries.push(["val", "exactly zero", "bar"]);
    if (beside.length) entries.push(["ghost", fitted(explorer.beside, 150)]);
    legend(fit.svg, fit.width, entries);
    byId("weights-words").textContent = one.weights;
  }

  function fillFigures() {
    const host = byId("figures");
    host.replaceChildren();
    const figures = point().figures;
    for (const name of ["train", "validation", "test", "gap", "epochs", "left"]) {
      if (!(name in figures)) continue;
      const group = element(host, "div");
      element(group, "dt", { train: "training", epochs: "epochs run" }[name] || name);
      const value = element(group, "dd", figures[name]);
      if (name === "gap" && figures.gap_range) element(value, "small", `95 %: ${figures.gap_range}`);
    }
  }

  function fillNumbers() {
    const one = point();
    const { words, share } = explorer.measure;
    curveNumbers(byId("curve-numbers"), { caption: `Means over runs, ${one.words}`, epochs: explorer.epochs, series: one.mean, words, share });
  }

  function controls() {
    return explorer.axes.map((_, i) => byId(`axis-${i}`));
  }

  function fillWords() {
    const one = point();
    byId("says").textContent = one.says;
    byId("finding").textContent = one.finding;
    byId("metric-title").textContent = `${explorer.measure.words[0].toUpperCase()}${explorer.measure.words.slice(1)} by epoch`;
    controls().forEach((control, i) => {
      const label = explorer.axes[i].labels[one.at[i]];
      control.value = String(one.at[i]);
      if (control.type === "range") {
        control.setAttribute("aria-valuetext", label);
        byId(`axis-${i}-value`).textContent = label;
      }
    });
    for (const button of document.querySelectorAll("[data-point]")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.point) === here));
    }
  }

  function show(index) {
    if (index < 0 || index >= explorer.points.length) return;
    here = index;
    fillWords();
    fillFigures();
    fillNumbers();
    drawExplorer();
    for (const act of moved) act();
  }

  function drawExplorer() {
    const { words, share } = explorer.measure;
    drawCurves("metric-chart", 0, explorer.limits.metric, share, words);
    drawCurves("loss-chart", 2, explorer.limits.loss, false, "loss");
    drawWeights();
  }

  const isKept = (i) => kept === null || kept[i];

  // On a slider that goes through points in an order, the next one that is not left away.
  function onwards(axis, value) {
    const before = point().at[axis];
    const all = explorer.points.map((one, i) => [one.at[axis], i]).filter(([, i]) => isKept(i));
    const ahead = all.filter(([at]) => (value > before ? at >= value : at <= value));
    const near = (a, b) => Math.abs(a[0] - value) - Math.abs(b[0] - value);
    const found = (ahead.length ? ahead : all).sort(near)[0];
    return found ? found[1] : here;
  }

  function filters() {
    return explorer.codes.map((_, i) => byId(`filter-${i}`));
  }

  function leaveAway() {
    const wanted = filters().map((one) => Number(one.value));
    kept = explorer.points.map((_, i) => wanted.every((value, k) => value === 0 || explorer.codes[k][i] === value));
    const count = kept.filter(Boolean).length;
    const all = explorer.points.length;
    byId("kept").textContent = count === all ? `All ${all} trainings are shown.`
      : count ? `${count} of ${all} trainings ${count === 1 ? "is" : "are"} left; the sliders go through these.`
        : "No training is like that. Choose “any” again for some of it.";
    if (count === 0) kept = explorer.points.map(() => true);
    for (const act of filtered) act();
    const best = explorer.points.map((one, i) => [one.at[1], i]).filter(([, i]) => isKept(i)).sort((a, b) => a[0] - b[0])[0][1];
    show(isKept(here) ? here : best);
  }

  function startFilters() {
    for (const one of filters()) one.addEventListener("change", leaveAway);
    byId("all").addEventListener("click", () => {
      for (const one of filters()) one.value = "0";
      leaveAway();
    });
  }

  function startExplorer() {
    const places = new Map(explorer.points.map((one, i) => [one.at.join(), i]));
    const inputs = controls();
    const first = places.get(inputs.map((one) => Number(one.value)).join());
    inputs.forEach((one, axis) => {
      one.addEventListener("input", () => {
        if (explorer.linked) { show(onwards(axis, Number(one.value))); return; }
        const found = places.get(inputs.map((each) => Number(each.value)).join());
        if (found !== undefined) show(found);
      });
    });
    if (explorer.codes && explorer.codes.length) startFilters();
    for (const button of document.querySelectorAll("[data-point]")) {
      button.addEventListener("click", () => show(Number(button.dataset.point)));
    }
    document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());
    show(first === undefined ? 0 : first);
    drawn.push(drawExplorer);
  }

  // ------------------------------------------------------------ pictures

  function rowsOf(host, words, count, each, limits, share, points, xName) {
    const top = 24;
    const height = top + count * each + 40;
    const { svg, width } = canvas(host, height, words);
    const left = 10;
    const right = width - 14;
    const x = (v) => left + ((v - limits[0]) / (limits[1] - limits[0])) * (right - left);
    const bottom = height - 36;
    const found = ticks(limits[0], limits[1], Math.max(3, Math.min(8, width / 90)));
    for (const value of found.values) {
      add(svg, "line", { class: "grid", x1: x(value), x2: x(value), y1: top, y2: bottom });
      const text = points ? shown(100 * value, 100 * found.step, false) : shown(value, found.step, share);
      add(svg, "text", { class: "tick", x: x(value), y: bottom + 16, "text-anchor": "middle" }, text);
    }
    add(svg, "text", { x: (left + right) / 2, y: height - 4, "text-anchor": "middle" }, xName);
    return { svg, width, x, top, bottom, left, right };
  }

  function dumbbells(host, one, words) {
    const { rows, share } = one;
    const limits = spread(rows.flatMap((row) => [row.train, row.validation, row.test]));
    const fit = rowsOf(host, words, rows.length, 46, limits, share, false, "");
    rows.forEach((row, i) => {
      const y = fit.top + 46 * i + 32;
      add(fit.svg, "text", { class: "label", x: fit.left, y: y - 13 }, fitted(row.label, fit.width - 20));
      if (!exists(row.train) || !exists(row.validation)) return;
      add(fit.svg, "line", { class: "link", x1: fit.x(row.train), x2: fit.x(row.validation), y1: y, y2: y });
      if (exists(row.test)) {
        add(fit.svg, "rect", { class: "third", x: fit.x(row.test) - 4, y: y - 4, width: 8, height: 8 });
      }
      add(fit.svg, "circle", { class: "train", cx: fit.x(row.train), cy: y, r: 5.5 });
      add(fit.svg, "circle", { class: "val", cx: fit.x(row.validation), cy: y, r: 5.5 });
    });
    const entries = [["train", "training", "dot"], ["val", "validation", "dot"]];
    if (rows.some((row) => exists(row.test))) entries.push(["third", "test", "square"]);
    legend(fit.svg, fit.width, entries);
  }

  function forest(host, one, words) {
    const kinds = ["third", "train", "val"];
    const { rows, groups, share } = one;
    const [worse, better] = one.ends || ["← worse", "better →"];
    const bars = rows.flatMap((row) => row.bars);
    const ends = bars.flatMap((bar) => [bar.mean, bar.low, bar.high]).filter(exists);
    const unit = share ? 0.01 : 1;
    const limits = ends.some((v) => v !== 0) ? spread(ends, true) : [-unit, unit];
    const each = 22 + 16 * groups.length;
    const fit = rowsOf(host, words, rows.length, each, limits, share, share, "");
    if (fit.x(0) - fit.left > 70) add(fit.svg, "text", { class: "tick", x: fit.x(0) - 8, y: fit.bottom + 32, "text-anchor": "end" }, worse);
    if (fit.right - fit.x(0) > 70) add(fit.svg, "text", { class: "tick", x: fit.x(0) + 8, y: fit.bottom + 32 }, better);
    add(fit.svg, "line", { class: "axis", x1: fit.x(0), x2: fit.x(0), y1: fit.top, y2: fit.bottom });
    rows.forEach((row, i) => {
      const y = fit.top + each * i + 16;
      add(fit.svg, "text", { class: "label", x: fit.left, y: y - 2 }, fitted(row.label, fit.width - 20));
      for (const bar of row.bars) {
        const at = y + 10 + 16 * bar.group;
        const kind = groups.length > 1 ? kinds[bar.group % 3] : "train";
        if (exists(bar.low) && exists(bar.high)) {
          add(fit.svg, "line", { class: "whisker", x1: fit.x(bar.low), x2: fit.x(bar.high), y1: at, y2: at });
          for (const end of [bar.low, bar.high]) {
            add(fit.svg, "line", { class: "whisker", x1: fit.x(end), x2: fit.x(end), y1: at - 4, y2: at + 4 });
          }
        }
        if (exists(bar.mean)) add(fit.svg, "circle", { class: kind, cx: fit.x(bar.mean), cy: at, r: 5 });
      }
    });
    if (groups.length > 1) legend(fit.svg, fit.width, groups.map((name, i) => [kinds[i % 3], name, "dot"]));
  }

  function strengthTicks(axis, room) {
    const span = axis.positions[axis.positions.length - 1] - axis.positions[0] || 1;
    const scale = (room - 90) / span;
    let free = -Infinity;
    return axis.labels.map((label, i) => [axis.positions[i], label]).filter(([at, label]) => {
      const half = 3.6 * label.length + 5;
      if (scale * at - half < free) return false;
      free = scale * at + half;
      return true;
    });
  }

  function curve(host, one, words) {
    const axis = one.axes[0];
    const limits = spread(one.points.flatMap((p) => [p.train, p.value, p.low, p.high]));
    if (one.share) { limits[0] = Math.max(limits[0], 0); limits[1] = Math.min(limits[1], 1); }
    const ends = [axis.positions[0], axis.positions[axis.positions.length - 1]];
    const pad = 0.05 * (ends[1] - ends[0] || 1);
    const fit = frame(host, {
      x: [ends[0] - pad, ends[1] + pad], y: limits, share: one.share, height: 320,
      ticks: strengthTicks(axis, host.clientWidth), xLabel: axis.words, yLabel: one.words, top: 52, words,
    });
    const xs = one.points.map((p) => fit.x(axis.positions[p.at[0]]));
    const band = one.points.map((p, i) => [p, xs[i]]).filter(([p]) => exists(p.low) && exists(p.high));
    if (band.length > 1) {
      const there = band.map(([p, x]) => `${x.toFixed(1)} ${fit.y(p.high).toFixed(1)}`);
      const back = band.reverse().map(([p, x]) => `${x.toFixed(1)} ${fit.y(p.low).toFixed(1)}`);
      add(fit.inside, "path", { class: "val band", d: `M${[...there, ...back].join("L")}Z` });
    }
    const mark = add(fit.svg, "line", { class: "here", y1: fit.box.top, y2: fit.box.bottom, "stroke-opacity": 0.35 });
    for (const [key, kind] of [["train", "train"], ["value", "val"]]) {
      const ys = one.points.map((p) => (exists(p[key]) ? fit.y(p[key]) : null));
      add(fit.inside, "path", { class: `${kind} line${key === "train" ? " dashed" : ""}`, d: path(xs, ys) });
      ys.forEach((y, i) => { if (y !== null) add(fit.inside, "circle", { class: kind, cx: xs[i], cy: y, r: 3.5 }); });
    }
    // Names stand above the chart, where no line is, and one that would touch another on a second row.
    const ends_ = [];
    for (const [name, index] of one.marks) {
      const p = one.points[index];
      if (!exists(p.value)) continue;
      const half = 3.4 * name.length;
      const x = Math.min(Math.max(xs[index], fit.box.left + half), fit.box.right - half);
      const row = ends_.some((end) => Math.abs(end.x - x) < half + end.half + 12) ? 1 : 0;
      ends_.push({ x, half });
      const y = fit.box.top - 6 - 15 * row;
      add(fit.svg, "text", { class: "val label mark", x, y, "text-anchor": "middle" }, name);
      add(fit.svg, "line", { class: "val leader", x1: xs[index], x2: xs[index], y1: y + 3, y2: fit.y(p.value) - 4 });
    }
    one.points.forEach((p, i) => {
      const area = add(fit.svg, "rect", { class: "pick", x: xs[i] - 12, y: fit.box.top, width: 24, height: fit.box.bottom - fit.box.top, fill: "transparent" });
      area.addEventListener("click", () => show(i));
    });
    legend(fit.svg, fit.width, [["train dashed", "training"], ["val", "validation"]]);
    return () => { mark.setAttribute("x1", xs[here]); mark.setAttribute("x2", xs[here]); };
  }

  function map(host, one, words) {
    const mark = charts.map(host, one, words, show);
    return () => mark(here);
  }

  function parallel(host, one, words) {
    const { svg, width, height } = canvas(host, 360, words);
    const top = 40;
    const bottom = height - 30;
    const good = goodness(one);
    const values = one.points.map((p) => p.value).filter(exists);
    const range = spread(values);
    const columns = [...one.axes, { words: one.words, value: true }];
    const x = (i) => 34 + (i * (width - 90)) / (columns.length - 1);
    const y = (column, p) => {
      if (column.value) return exists(p.value) ? bottom - ((p.value - range[0]) / (range[1] - range[0])) * (bottom - top) : null;
      const k = columns.indexOf(column);
      const low = column.positions[0];
      const high = column.positions[column.positions.length - 1];
      return bottom - ((column.positions[p.at[k]] - low) / (high - low || 1)) * (bottom - top);
    };
    const line = (p) => path(columns.map((_, i) => x(i)), columns.map((column) => y(column, p)));
    const order = one.points.map((p, i) => [p, i]).filter(([p]) => exists(p.value)).sort((a, b) => good.share(a[0].value) - good.share(b[0].value));
    for (const [p, i] of order) {
      const stroke = add(svg, "path", { class: "quiet pick", d: line(p), stroke: color(good.share(p.value)) });
      stroke.addEventListener("click", () => show(i));
    }
    columns.forEach((column, i) => {
      add(svg, "line", { class: "axis", x1: x(i), x2: x(i), y1: top, y2: bottom });
      const anchor = i === 0 ? "start" : i === columns.length - 1 ? "end" : "middle";
      const shift = i === 0 ? -30 : i === columns.length - 1 ? 52 : 0;
      add(svg, "text", { x: x(i) + shift, y: i % 2 ? 28 : 13, "text-anchor": anchor }, fitted(column.words, width / 2));
      if (column.value) {
        const found = ticks(range[0], range[1], 5);
        for (const value of found.values) {
          add(svg, "text", { class: "tick", x: x(i) + 5, y: bottom - ((value - range[0]) / (range[1] - range[0])) * (bottom - top) + 4 }, shown(value, found.step, one.share));
        }
      } else {
        const every = Math.ceil(column.labels.length / 12);
        column.labels.forEach((label, k) => {
          if (k % every) return;
          const at = { at: one.axes.map((_, n) => (n === i ? k : 0)) };
          add(svg, "text", { class: "tick", x: x(i) - 5, y: y(column, at) + 4, "text-anchor": "end" }, label);
        });
      }
    });
    const halo = add(svg, "path", { class: "halo" });
    const mark = add(svg, "path", { class: "here" });
    colorBar(svg, 34, height - 24, Math.min(220, width - 60), one, good);
    return () => { for (const one_ of [halo, mark]) one_.setAttribute("d", line(one.points[here])); };
  }

  // What is left along a strength: a line for each input, or one for all weights.
  function lines(host, one, words) {
    const axis = one.axes[0];
    const named = one.lines.slice(0, one.named);
    const wide = host.clientWidth;
    const top = legendHeight(named.map((line) => line.label), wide) + 16;
    const ends = [axis.positions[0], axis.positions[axis.positions.length - 1]];
    const pad = 0.05 * (ends[1] - ends[0] || 1);
    const all = one.lines.flatMap((line) => line.values).filter(exists);
    const fit = frame(host, {
      x: [ends[0] - pad, ends[1] + pad], y: [0, 1.06 * Math.max(1e-12, ...all)], share: false, height: 260 + top, top,
      ticks: strengthTicks(axis, wide), xLabel: axis.words, yLabel: "", words,
    });
    const xs = axis.positions.map(fit.x);
    const mark = add(fit.svg, "line", { class: "here", y1: fit.box.top, y2: fit.box.bottom, "stroke-opacity": 0.35 });
    one.lines.map((line, i) => [line, i]).reverse().forEach(([line, i]) => {
      const kind = one.lines.length === 1 ? "train line" : i < one.named ? `line s${i}` : "third thin";
      add(fit.inside, "path", { class: kind, d: path(xs, line.values.map((v) => (exists(v) ? fit.y(v) : null))) });
    });
    add(fit.svg, "text", { class: "tick", x: fit.box.left, y: top - 6 }, one.words);
    legendRows(fit.svg, wide, named.map((line, i) => [`s${i}`, line.label]));
    xs.forEach((x, i) => {
      const area = add(fit.svg, "rect", { class: "pick", x: x - 12, y: fit.box.top, width: 24, height: fit.box.bottom - fit.box.top, fill: "transparent" });
      area.addEventListener("click", () => show(i));
    });
    return () => { mark.setAttribute("x1", xs[here]); mark.setAttribute("x2", xs[here]); };
  }

  // Loss against how many masks are averaged, on a scale of powers, and lines for what needs none.
  function masks(host, one, words) {
    const { points } = one;
    const wide = host.clientWidth;
    const top = legendHeight(["average of sampled masks", ...one.lines.map((line) => line.name)], wide) + 10;
    const at = (p) => Math.log(p.masks);
    const last = Math.max(at(points[points.length - 1]), 0.1);
    const limits = spread([...points.flatMap((p) => [p.low, p.high, p.value]), ...one.lines.map((line) => line.value)]);
    const every = Math.ceil((points.length * 34) / wide);
    const fit = frame(host, {
      x: [-0.04 * last, 1.04 * last], y: limits, share: false, height: 260 + top, top,
      ticks: points.filter((_, i) => i % every === 0).map((p) => [at(p), String(p.masks)]), xLabel: "masks averaged", yLabel: "", words,
    });
    const xs = points.map((p) => fit.x(at(p)));
    const there = points.map((p, i) => `${xs[i].toFixed(1)} ${fit.y(p.high).toFixed(1)}`);
    const back = points.map((p, i) => `${xs[i].toFixed(1)} ${fit.y(p.low).toFixed(1)}`).reverse();
    if (points.length > 1) add(fit.inside, "path", { class: "train band", d: `M${[...there, ...back].join("L")}Z` });
    const kinds = ["val", "third dashed", "s4 dotted"];
    one.lines.forEach((line, i) => {
      const y = fit.y(line.value);
      add(fit.inside, "line", { class: `${kinds[i]} line`, x1: fit.box.left, x2: fit.box.right, y1: y, y2: y });
    });
    add(fit.inside, "path", { class: "train line", d: path(xs, points.map((p) => fit.y(p.value))) });
    points.forEach((p, i) => add(fit.inside, "circle", { class: "train", cx: xs[i], cy: fit.y(p.value), r: 3.5 }));
    legendRows(fit.svg, wide, [["train", "average of sampled masks"], ...one.lines.map((line, i) => [kinds[i], line.name])]);
  }

  // Every training as a line from row to row: what was chosen, and what it reached.
  function strands(host, one, words) {
    const each = 62;
    const top = 14;
    const { svg, width, height } = canvas(host, top + one.rows.length * each + 40, words);
    const off = one.rows.some((row) => row.off) ? 34 : 0;
    const x = (p) => (exists(p) ? 14 + off + p * (width - 34 - off) : 14);
    const y = (k) => top + k * each + 24;
    const good = goodness(one);
    const last = one.rows.length - 1;
    const line = (i) => path(
      one.rows.map((row, k) => (k === last && !exists(row.at[i]) ? null : x(row.at[i]))), one.rows.map((_, k) => y(k)),
    );
    const order = one.points.map((p, i) => [p.value, i]).sort((a, b) => (exists(a[0]) ? good.share(a[0]) : -1) - (exists(b[0]) ? good.share(b[0]) : -1));
    const strokes = [];
    for (const [value, i] of order) {
      const stroke = add(svg, "path", { class: "quiet pick", d: line(i), stroke: exists(value) ? color(good.share(value)) : "gray" });
      stroke.addEventListener("click", () => { if (isKept(i)) show(i); });
      strokes[i] = stroke;
    }
    const halo = add(svg, "path", { class: "halo" });
    const mark = add(svg, "path", { class: "here" });
    one.rows.forEach((row, k) => {
      add(svg, "line", { class: "axis", x1: x(0), x2: x(1), y1: y(k), y2: y(k) });
      add(svg, "text", { class: "label", x: 14, y: y(k) - 9 }, fitted(row.words, width - 30));
      let free = row.off ? 34 : -Infinity;
      if (row.off) add(svg, "text", { class: "tick", x: 4, y: y(k) + 15 }, "off");
      for (const [at, text] of row.ticks) {
        const half = 3.6 * text.length + 4;
        const middle = Math.min(x(at), width - half);
        if (middle - half < free) continue;
        add(svg, "text", { class: "tick", x: middle, y: y(k) + 15, "text-anchor": "middle" }, text);
        free = middle + half;
      }
    });
    colorBar(svg, 14, height - 30, Math.min(220, width - 40), one, good);
    filtered[0] = () => strokes.forEach((stroke, i) => stroke.classList.toggle("away", !isKept(i)));
    filtered[0]();
    return () => { for (const one_ of [halo, mark]) one_.setAttribute("d", line(here)); };
  }

  function history(host, one, words) {
    const at = (i) => one.numbers[i];
    const last = Math.max(2, at(one.values.length - 1));
    const limits = spread([...one.values.filter((v, i) => !one.early[i]), ...one.best]);
    if (one.share) { limits[0] = Math.max(limits[0], 0); limits[1] = Math.min(limits[1], 1); }
    const found = ticks(1, last, 6);
    const fit = frame(host, {
      x: [0, last + 1], y: limits, share: one.share, height: 300, top: 34,
      ticks: found.values.filter((v) => v > 0).map((v) => [v, String(Math.round(v))]),
      xLabel: "training, in order", yLabel: "", words,
    });
    one.values.forEach((value, i) => {
      if (!exists(value)) return;
      const [x, y] = [fit.x(at(i)), fit.y(value)];
      if (one.fresh[i]) {
        add(fit.inside, "rect", { class: "val", x: x - 4, y: y - 4, width: 8, height: 8 });
      } else {
        add(fit.inside, "circle", { class: "train", cx: x, cy: y, r: 3.5, opacity: one.early[i] ? 0.3 : 0.85 });
      }
    });
    const ys = one.best.map((v) => (exists(v) ? fit.y(v) : null));
    add(fit.inside, "path", { class: "train line", d: path(one.best.map((_, i) => fit.x(at(i))), ys) });
    const mark = add(fit.svg, "line", { class: "here", y1: fit.box.top, y2: fit.box.bottom, "stroke-opacity": 0.35 });
    const step = fit.x(2) - fit.x(1);
    one.values.forEach((_, i) => {
      const area = add(fit.svg, "rect", { class: "pick", x: fit.x(at(i)) - step / 2, y: fit.box.top, width: step, height: fit.box.bottom - fit.box.top, fill: "transparent" });
      area.addEventListener("click", () => {
        const found = one.which.indexOf(i);
        if (found >= 0 && isKept(found)) show(found);
      });
    });
    legend(fit.svg, fit.width, [["train", "explored", "dot"], ["val", "fresh seeds", "square"]]);
    return () => { for (const end of ["x1", "x2"]) mark.setAttribute(end, fit.x(at(one.which[here]))); };
  }

  const PICTURES = { dumbbells, forest, curve, map, parallel, lines, masks, history, strands };

  data.pictures.forEach((one, i) => {
    const host = byId(`picture-${i}`);
    let mark = null;
    const draw = () => {
      mark = PICTURES[one.kind](host, one, host.dataset.words) || null;
      if (mark && explorer) mark();
    };
    draw();
    drawn.push(draw);
    moved.push(() => { if (mark) mark(); });
  });

  if (explorer) startExplorer();

  // Paper is narrower than most screens: drawn for its width, what is written in pictures can be read.
  // And what a sentence before it announces is there.
  const unfolding = [...document.querySelectorAll("article .announced")];
  for (const [event, paper] of [["beforeprint", true], ["afterprint", false]]) {
    window.addEventListener(event, () => {
      for (const one of unfolding) {
        if (paper) one.dataset.wasOpen = String(one.open);
        one.open = paper || one.dataset.wasOpen === "true";
      }
      document.documentElement.classList.toggle("paper", paper);
      for (const draw of drawn) draw();
    });
  }

  let width = document.documentElement.clientWidth;
  window.addEventListener("resize", () => {
    if (document.documentElement.clientWidth === width) return;
    width = document.documentElement.clientWidth;
    for (const draw of drawn) draw();
  });
})();
