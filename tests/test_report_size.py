"""Every page is smaller than 6 MB, however much was trained, and says what it leaves away."""

import json
import re
from dataclasses import replace
from itertools import combinations, product
from math import prod

import keras
import numpy as np
import pandas as pd
import pytest

import justright as jr
from conftest import dense_net, signs
from justright.engine.outcome import Outcome
from justright.engine.trial import Trial
from justright.experiments.swept import Sweep
from justright.regularizers.axis import Axis
from justright.regularizers.grid import Grid
from justright.report.page import page as paging
from justright.report.page.grid_parts import part_of

ROWS = {"validation": signs(1, 60), "test": signs(2, 60), "batch_size": 20}
COCKTAIL = ["Dropout", "L2", "WeightDecay", "MaxNorm", "GaussianNoise", "LabelSmoothing", "EMA"]
AXES = ["Dropout.rate", "L2.strength", "WeightNoise.stddev"]
LIMIT = 250_000


@pytest.fixture(scope="module")
def small(quick_to_compile):
    """A result of each kind, with few trainings."""
    keras.utils.set_random_seed(7)
    short = {"seeds": 2, "epochs": 2, **ROWS}
    net, rows = dense_net(), signs(0, 80)
    return {
        "sweep": jr.sweep(net, rows, {"Dropout.rate": [0, 0.5]}, **short),
        "path": jr.path([4], rows, "GroupLasso.strength", points=[1, 9], **short),
        "ensemble": jr.dropout_ensemble(
            None, rows, samples=3, repeats=2, hidden=(3,), **short
        ),
        "search": jr.search(
            net, rows, space=COCKTAIL, budget=16, **short | {"seeds": 1, "epochs": 4}
        ),
    }  # fmt: skip


def trained(study, recipes, seeds, epochs=30):
    """The trainings of many recipes, as if they had been trained."""
    rng = np.random.default_rng(0)
    some = study.results[0]
    results = []
    for (name, recipe), seed in product(recipes.items(), range(seeds)):
        curves = rng.uniform(size=(epochs, some.curves.shape[1])).astype(np.float32)
        values = {k: rng.normal(size=np.shape(v)) for k, v in some.values.items()}
        results.append(
            replace(
                some, trial=Trial(name, recipe, seed, 0, epochs, 1e-3), curves=curves,
                values=values, best_epoch=epochs, chosen_epoch=epochs,
                test=tuple(rng.uniform(size=2)),
            )
        )  # fmt: skip
    return replace(study, results=results)


def swept(study, sizes, epochs=30):
    over = {name: np.linspace(0, 0.9123, size) for name, size in zip(AXES, sizes, strict=False)}
    grid = Grid.of(over, jr.Recipe(), True)
    recipes = {point.name: point.recipe for point in grid.points}
    return Sweep(trained(study, recipes, 2, epochs), grid, "val_metric")


def many(kind, small):
    """A result with more than its page has room for, at the limit of these tests."""
    study = small["sweep"].study
    if kind.startswith("sweep"):
        return swept(study, {"sweep2": (20, 20), "sweep3": (7, 8, 6)}[kind])
    if kind == "study":
        names = [f"{i}: " + "dropout 0.4 + L2 0.01 + " * 12 for i in range(150)]
        return trained(study, {name: jr.Recipe(jr.Dropout(0.4)) for name in names}, 2)
    if kind == "path":
        walk = small["path"]
        axis = walk.sweep.grid.axes[0]
        grid = Grid((axis,), ((0.0, *np.geomspace(0.01, 10, 300).tolist()),), jr.Recipe())
        recipes = {point.name: point.recipe for point in grid.points}
        sweep = Sweep(trained(walk.study, recipes, 2), grid, "val_metric")
        return replace(walk, sweep=sweep)
    if kind == "contributions":
        parts = [jr.Dropout(0.4), jr.L2(0.01), jr.GaussianNoise(0.1), jr.MaxNorm(3), jr.EMA(0.9)]
        parts += [jr.WeightDecay(0.1), jr.WeightNoise(0.1)]
        subsets = [s for k in range(len(parts) + 1) for s in combinations(parts, k)]
        recipes = {str(jr.Recipe(*s)) if s else "plain": jr.Recipe(*s) for s in subsets}
        return trained(study, recipes, 1).contributions(str(jr.Recipe(*parts)))
    if kind == "ensemble":
        few = small["ensemble"]
        one = few.table[few.table["seed"] == 0]
        table = pd.concat([one.assign(seed=seed) for seed in range(300)], ignore_index=True)
        name, recipe = few.study.recipes[0], few.study.results[0].trial.recipe
        return replace(few, table=table, study=trained(few.study, {name: recipe}, 300))
    return longer(small["search"], 400)


def longer(search, count):
    """A search that has explored so much more."""
    explored = [one for one in search.records if one.stage == "explore"]
    more = [explored[i % len(explored)] for i in range(count)]
    return replace(search, records=(*more, *search.records))


KINDS = ["sweep2", "sweep3", "study", "path", "contributions", "ensemble", "search"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_no_room_is_left_away_and_that_is_said(kind, small, tmp_path, monkeypatch):
    one = many(kind, small)
    monkeypatch.setattr(paging, "LIMIT", LIMIT)
    file = one.report(tmp_path / "page.html")
    text = file.read_text(encoding="utf-8")
    assert LIMIT / 2 < file.stat().st_size < LIMIT
    said = re.search(r"it shows ([\d,]+) of ([\d,]+)", text)
    shown, whole = (int(number.replace(",", "")) for number in said.groups())
    explorer = data_of(text)["explorer"]
    assert shown == len(explorer["points"]) < whole
    assert explorer["reference"] < shown
    labels = [len(axis["labels"]) for axis in explorer["axes"]]
    assert all(
        p < n for point in explorer["points"] for p, n in zip(point["at"], labels, strict=True)
    )
    if kind.startswith("sweep"):
        assert shown == prod(labels)  # No place of the sliders is empty.
        names = [axis["labels"] for axis in explorer["axes"]]
        assert all(len(set(one)) == len(one) for one in names)
        assert max(len(label) for one in names for label in one) <= 9


def data_of(text):
    return json.loads(re.search(r'id="data">(.*?)</script>', text)[1])


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_room_is_whole(kind, small, tmp_path):
    text = many(kind, small).report(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "stays small, it shows" not in text


def test_the_largest_pages(small, tmp_path):
    """A fine map, long searches of many techniques, and many long trainings."""
    wide = swept(small["sweep"].study, (55, 55), epochs=300)
    for one in (wide, longer(small["search"], 3000)):
        assert one.report(tmp_path / "page.html").stat().st_size < 6_000_000


@pytest.mark.parametrize("sizes", [(30,), (12, 9), (5, 5, 5), (2, 40, 3), (3,) * 7])
@pytest.mark.parametrize("most", [1, 4, 17, 100])
def test_a_coarser_grid_has_what_matters(sizes, most):
    names = [
        *AXES,
        "L1.strength",
        "GaussianNoise.stddev",
        "ActivityL2.strength",
        "ConfidencePenalty.beta",
    ]
    axes = tuple(Axis.of(name, jr.Recipe()) for name in names[: len(sizes)])
    values = tuple(tuple(np.linspace(0.1, 0.9, size).tolist()) for size in sizes)
    grid = Grid(axes, values, jr.Recipe())
    best, strongest = len(grid.points) // 3, len(grid.points) // 2
    part = part_of(grid, (best, strongest), most)
    assert part.grid.points == tuple(grid.points[i] for i in part.which)
    assert part.which[part.marks[0]] == best
    assert len(part.which) <= max(most, 1)
    if most >= 4 ** len(sizes):
        assert part.which[part.marks[1]] == strongest
        assert grid.reference in part.which


def test_failures_at_very_many_points_are_told_in_a_sentence(small):
    one = swept(small["sweep"].study, (20, 20))
    failed = [
        replace(r, outcome=Outcome.FAILED, curves=np.full_like(r.curves, np.nan))
        if r.trial.seed and r.trial.recipe.strengths()["Dropout.rate"] > 0
        else r
        for r in one.study.results
    ]
    said = replace(one, study=replace(one.study, results=failed)).summary()
    count = sum(point.values[0] > 0 for point in one.grid.points)
    assert f"and some at {count - 6} other points" in said
    assert len(said) < 3_000
