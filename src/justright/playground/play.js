(() => {
  document.documentElement.classList.add("script");
  const { byId, curveNumbers, curves, element, exists, map, spread } = charts;
  const data = JSON.parse(byId("data").textContent);
  const { sliders, reach, cells } = data;
  const [RATES, LAMBDAS] = [sliders.rate.length, sliders.strength.length];
  const state = { ...data.start, seed: 1, stopping: false, mine: [] };
  const MOST_KEPT = 24;
  const SLOW = 400; // Milliseconds after which it is said that something is under way.
  const kept = new Map(); // By what is trained on and how: its points, and what the places gave.
  let flight = null; // The request that is under way.
  let gone = ""; // A sentence, where the server does not answer.
  const refused = new Map(); // Sentences, by what is trained on and how.

  // ------------------------------------------------------------ what is wanted

  const isMine = (one) => one.shape === "drawn";

  function dataOf(one) {
    if (isMine(one)) return { drawn: one.mine };
    return {
      shape: one.shape, seed: one.seed, points: Number(sliders.points[one.points]), noise: Number(sliders.noise[one.noise]),
    };
  }

  const keyOf = (one) => JSON.stringify([dataOf(one), one.width, one.stopping, one.seed]);
  const placeOf = (rate, strength) => rate * LAMBDAS + strength;

  // What is known of a key, the latest used last, so that the oldest can go.
  function entry(key) {
    const found = kept.get(key) || { cloud: null, places: new Map() };
    kept.delete(key);
    kept.set(key, found);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
    return found;
  }

  const here = (one = state) => kept.get(keyOf(one))?.places.get(placeOf(one.rate, one.strength));

  // Where the sliders may go next: one step of width or noise, either way.
  function nearby() {
    const steps = isMine(state) ? ["width"] : ["width", "noise"];
    return steps.flatMap((name) => [1, -1].map((step) => ({ ...state, [name]: state[name] + step })))
      .filter((one) => steps.every((name) => one[name] >= 0 && one[name] < sliders[name].length));
  }

  // The next thing to train: here, then all around, then one step further; null where all is there.
  function wanted() {
    if (gone || refused.has(keyOf(state))) return null;
    const known = kept.get(keyOf(state))?.places.size || 0;
    if (known < RATES * LAMBDAS) return state;
    return nearby().find((one) => !refused.has(keyOf(one)) && !here(one)) || null;
  }

  // ------------------------------------------------------------ asking

  async function ask(one, key, signal) {
    const known = [...(kept.get(key)?.places.keys() || [])].map((i) => [Math.floor(i / LAMBDAS), i % LAMBDAS]);
    const body = JSON.stringify({
      data: dataOf(one), width: Number(sliders.width[one.width]), stopping: one.stopping, seed: one.seed,
      rate: one.rate, strength: one.strength, known,
    });
    const reply = await fetch("train", { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
    return reply.json();
  }

  function take(key, told) {
    const found = entry(key);
    found.cloud = told.cloud;
    for (const one of told.places) {
      if (!one.failed) one.field = planes.decoded(one.field);
      found.places.set(placeOf(...one.at), one);
    }
  }

  const pause = (time) => new Promise((done) => { setTimeout(done, time); });

  // One request at a time; one that is no longer wanted is given up for the one that is.
  async function pump() {
    const one = wanted();
    if (flight) {
      const still = flight.key === keyOf(state) || here();
      if (!one || still) return;
      flight.abort.abort();
    }
    if (!one) { fillProgress(); return; }
    const mine = { key: keyOf(one), abort: new AbortController() };
    flight = mine;
    setTimeout(() => { if (flight === mine) busy(); }, SLOW);
    try {
      const told = await ask({ ...one }, mine.key, mine.abort.signal);
      if (told.places) take(mine.key, told);
      else if (told.superseded) await pause(200 + 300 * Math.random());
      else refused.set(mine.key, told.refused || told.error);
    } catch (error) {
      if (error.name !== "AbortError") {
        gone = "The playground does not answer. Is justright play still running? Start it again, and open the address that it shows.";
      }
    }
    if (flight !== mine) return;
    flight = null;
    if (gone || mine.key === keyOf(state)) show();
    else pump();
  }

  // ------------------------------------------------------------ showing

  // What is there already is not said again.
  function say(id, text) {
    if (byId(id).textContent !== text) byId(id).textContent = text;
  }

  function busy() {
    if (!here()) byId("plane").setAttribute("aria-busy", "true");
    if (!here() && kept.size === 0) say("says", "Compiling the program, which happens once…");
  }

  function fillFigures(one) {
    const host = byId("figures");
    host.replaceChildren();
    for (const [name, words] of Object.entries({ train: "training", validation: "validation", gap: "gap", epochs: "epochs run" })) {
      if (!one || one.failed) return;
      const group = element(host, "div");
      element(group, "dt", words);
      element(group, "dd", one.figures[name]);
    }
  }

  // From where to where the charts go: the same for all places, so that moves can be compared.
  function limits(places, columns) {
    const values = places.flatMap((one) => columns.flatMap((i) => one.curves[i].slice(2)));
    return spread(values);
  }

  function drawCurves(one, places) {
    const shared = { runs: [], stops: one.stopped ? [one.chosen] : [], words: one.words };
    const longest = Math.max(...places.map((each) => each.curves[0].length));
    const epochs = [...Array(longest).keys()].map((i) => i + 1);
    const metric = limits(places, [0, 1]);
    const loss = limits(places, [2, 3]);
    curves(byId("metric-chart"), {
      ...shared, epochs, mean: one.curves.slice(0, 2), share: true, label: "Accuracy",
      limits: [Math.max(metric[0], 0), Math.min(metric[1], 1)],
    });
    curves(byId("loss-chart"), {
      ...shared, epochs, mean: one.curves.slice(2), share: false, label: "Loss",
      limits: [Math.max(loss[0], 0), Math.min(loss[1], 3)],
    });
  }

  function bestOf(places) {
    const good = places.filter((one) => exists(one.loss));
    return good.length ? good.reduce((a, b) => (b.loss < a.loss ? b : a)) : null;
  }

  function drawMap(found, places) {
    const all = [...Array(RATES * LAMBDAS).keys()];
    const known = found ? found.places : new Map();
    const best = bestOf(places);
    const button = byId("best");
    button.disabled = !best;
    button.setAttribute("aria-pressed", String(Boolean(best) && placeOf(...best.at) === placeOf(state.rate, state.strength)));
    if (!best) return;
    const points = all.map((i) => ({
      at: [Math.floor(i / LAMBDAS), i % LAMBDAS], value: known.get(i)?.loss, words: known.get(i)?.says || "not trained yet",
    }));
    const words = `Validation loss by dropout rate and λ; the lowest is ${best.loss} at ${best.words}.`;
    const axes = [{ words: "dropout rate", labels: sliders.rate }, { words: "λ", labels: sliders.strength }];
    const stars = [["best", placeOf(...best.at), "★"]];
    const mark = map(byId("map"), { axes, points, marks: stars, higher: false, share: false }, words, (i) => {
      move({ rate: Math.floor(i / LAMBDAS), strength: i % LAMBDAS });
    });
    mark(placeOf(state.rate, state.strength));
  }

  function fillNumbers(one) {
    const host = byId("curve-numbers");
    host.replaceChildren();
    if (!one || one.failed) return;
    const epochs = one.curves[0].map((_, i) => i + 1);
    curveNumbers(host, { caption: `By epoch, ${one.words}`, epochs, series: one.curves, words: "accuracy", share: true });
  }

  function fillProgress() {
    const known = kept.get(keyOf(state))?.places.size || 0;
    const all = RATES * LAMBDAS;
    byId("progress").textContent = known < all ? `${known} of ${all} are trained.` : `All ${all} are trained; a click leads there.`;
  }

  function fillControls() {
    for (const name of Object.keys(sliders)) {
      const control = byId(name);
      control.value = String(state[name]);
      control.setAttribute("aria-valuetext", sliders[name][state[name]]);
      byId(`${name}-value`).textContent = sliders[name][state[name]];
    }
    byId("shape").value = state.shape;
    byId("stopping").checked = state.stopping;
    for (const name of ["points", "noise", "again"]) byId(name).disabled = isMine(state);
    const off = state.rate === 0 && state.strength === 0 && !state.stopping;
    byId("off").setAttribute("aria-pressed", String(off));
  }

  function drawPlane(one) {
    const cloud = isMine(state) ? state.mine : kept.get(keyOf(state))?.cloud || planeNow.cloud;
    const field = one && !one.failed ? one.field : null;
    planeNow = { ...planeNow, cloud, field };
    const words = `${cloud.filter((p) => p[3]).length} points to train on, ${cloud.filter((p) => !p[3]).length} to validate. ${one ? one.says : ""}`;
    planes.draw({ ...planeNow, cells, reach, at: cursor, words });
  }

  let planeNow = { cloud: [], field: null };

  // All that is known of where the sliders stand; where that is nothing yet, what was there stays.
  function show() {
    const found = kept.get(keyOf(state));
    const one = here();
    const fault = refused.get(keyOf(state)) || gone;
    fillControls();
    byId("fault").hidden = !fault;
    say("fault", fault || "");
    fillProgress();
    const places = [...(found?.places.values() || [])].filter((each) => !each.failed);
    if (one || fault || isMine(state)) drawPlane(one);
    if (one) {
      byId("plane").setAttribute("aria-busy", "false");
      say("says", one.says);
      say("finding", one.finding);
      fillFigures(one);
      fillNumbers(one);
      if (!one.failed) drawCurves(one, places);
    } else if (fault) {
      byId("plane").setAttribute("aria-busy", "false");
      say("says", "");
      say("finding", "");
      for (const id of ["figures", "metric-chart", "loss-chart", "map", "curve-numbers"]) byId(id).replaceChildren();
    }
    if (!fault) drawMap(found, places);
    pump();
  }

  function move(changes) {
    Object.assign(state, changes);
    gone = "";
    show();
  }

  // ------------------------------------------------------------ drawing

  // Every third point of a class validates.
  const partOf = (points, label) => (points.filter((p) => p[2] === label).length % 3 === 2 ? 0 : 1);

  function added(points, at, label) {
    const [x, y] = at.map((v) => Math.round(v * 1000) / 1000);
    return [...points, [x, y, label, partOf(points, label)]];
  }

  // A sentence, where the program has no room for a further point.
  function fullFor(points, label) {
    const part = partOf(points, label);
    if (points.filter((p) => p[3] === part).length < data.most) return "";
    return `At most ${data.most} points can ${part ? "be trained on" : "validate"}, and there are as many: erase some to draw others.`;
  }

  function erased(points, at) {
    const away = points.map((p) => Math.hypot(p[0] - at[0], p[1] - at[1]));
    const nearest = away.indexOf(Math.min(...away));
    return away[nearest] > reach / 10 ? points : points.filter((_, i) => i !== nearest);
  }

  function act(at) {
    const tool = document.querySelector("input[name=tool]:checked").value;
    const points = isMine(state) ? state.mine : planeNow.cloud;
    const full = tool === "erase" ? "" : fullFor(points, Number(tool));
    if (full) { byId("cross").textContent = full; return; }
    const mine = tool === "erase" ? erased(points, at) : added(points, at, Number(tool));
    const what = tool === "erase" ? (mine.length < points.length ? "Erased one" : "Nothing to erase here") : `Added a ${tool === "1" ? "square" : "circle"}`;
    byId("cross").textContent = `${what}; ${mine.length} points.`;
    move({ shape: "drawn", mine });
  }

  const cursor = planes.listen(reach, act, (at) => {
    byId("cross").textContent = `Cross at ${at[0].toFixed(1)}, ${at[1].toFixed(1)}`.replaceAll("-", "−");
    drawPlane(here());
  });

  // ------------------------------------------------------------ beginning

  for (const name of Object.keys(sliders)) {
    byId(name).addEventListener("input", (event) => move({ [name]: Number(event.target.value) }));
  }
  byId("shape").addEventListener("change", (event) => {
    const shape = event.target.value;
    // What is seen is the beginning of what is drawn.
    move(shape === "drawn" && !state.mine.length ? { shape, mine: planeNow.cloud } : { shape });
  });
  byId("stopping").addEventListener("change", (event) => move({ stopping: event.target.checked }));
  byId("again").addEventListener("click", () => move({ seed: state.seed + 1 }));
  byId("off").addEventListener("click", () => move({ rate: 0, strength: 0, stopping: false }));
  byId("clear").addEventListener("click", () => {
    byId("cross").textContent = "No points are left.";
    move({ shape: "drawn", mine: [] });
  });
  byId("best").addEventListener("click", () => {
    const best = bestOf([...kept.get(keyOf(state)).places.values()]);
    if (best) move({ rate: best.at[0], strength: best.at[1] });
  });
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  let width = document.documentElement.clientWidth;
  window.addEventListener("resize", () => {
    if (document.documentElement.clientWidth === width) return;
    width = document.documentElement.clientWidth;
    show();
  });
  show();
})();
