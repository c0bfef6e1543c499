"""How much a lane takes: against what one lane is made of, and activations counted by hand."""

import jax
import numpy as np
import pytest

import justright as jr
from conftest import dense_net
from justright.engine import layout, scheduler
from justright.engine.layout import Layout
from justright.engine.program import SegmentProgram, Task
from justright.engine.queue import Queue, Remembered
from justright.engine.rows import Split, pooled
from justright.engine.scheduler import run_trials
from justright.engine.size import lane_size, layout_for
from justright.engine.trial import Trial
from justright.network.blueprint import Blueprint
from justright.network.objective import infer_objective
from justright.network.optimizer import keras_optimizer

BATCH = 8


def task_of(widths):
    X = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    blueprint = Blueprint.of(dense_net(widths), (5,))
    objective = infer_objective((X[:, 0] > 0).astype(int), "sigmoid", (1,))
    order = np.arange(40)
    rows = pooled(X, objective.encode((X[:, 0] > 0).astype(int), "y"), [Split(order, order, order)])
    return Task(blueprint, objective, keras_optimizer("adam"), rows, BATCH, True)


def trial_of(recipe, epochs=2):
    return Trial("it", jr.Recipe(recipe), 0, 0, epochs, 0.01)


@pytest.mark.parametrize(
    "recipe",
    [
        jr.Recipe(),
        jr.ShakeShake(1.0),
        jr.SkipConnections(3) + jr.BatchNorm(),
        jr.EMA(0.9) + jr.SWA(1) + jr.Lookahead(5, 0.5),
    ],
    ids=str,
)
def test_what_a_lane_keeps_is_what_its_arrays_take(recipe):
    """Its state, the initial weights that its order holds, and a gradient; widths differ."""
    task = task_of((128, 96, 160))
    one = Layout(tuple(jax.devices()[:1]), 1, "map")
    start = Remembered(task.blueprint.initial_values)
    queue = Queue(SegmentProgram, task, [trial_of(recipe)], start, one)
    lanes = queue._program.idle_lanes(queue._orders)
    gradient = sum(4 * w.size for w in jax.tree.leaves(queue._orders.weights))
    held = sum(a.nbytes for a in jax.tree.leaves((lanes, queue._orders)))
    kept = lane_size(task, jr.Recipe(recipe)).kept_bytes
    assert kept == pytest.approx(held + gradient, rel=0.05)


def test_activations_of_twins_projections_and_sums_count():
    """5 → 64 → 64 → 32 → 1: what each layer sends on, for all 80 rows that are evaluated."""
    task = task_of((64, 64, 32))
    plain = 5 + 64 + 64 + 32 + 1
    # For each of two layers a twin, the mean of both, the sum, and for one a projection.
    twins = 3 * (64 + 32) + 32
    for recipe, floats in ((jr.Recipe(), plain), (jr.Recipe(jr.ShakeShake(1.0)), plain + twins)):
        assert lane_size(task, recipe).taken_bytes == 4 * 80 * floats


def test_weights_that_each_row_has_of_its_own_count():
    task = task_of((64, 64))
    plain, apart = (
        lane_size(task, jr.Recipe(jr.DropConnect(0.5, per_example=own))).taken_bytes
        for own in (False, True)
    )
    assert apart - plain == 4 * 2 * BATCH * task.blueprint.model.count_params()


def test_a_recipe_has_its_layout_whatever_stands_beside_it(monkeypatch):
    """Its numbers must not depend on what else the study compares."""
    task = task_of((16, 16))
    small, large = jr.Recipe(), jr.Recipe(jr.ShakeShake(1.0))
    monkeypatch.setattr(layout, "_CPU_LANE_BYTES", 2 * lane_size(task, small).kept_bytes)
    devices = tuple(jax.devices("cpu"))
    lanes = [layout_for(task, recipe, devices).lanes_per_device for recipe in (small, large)]
    assert lanes == [2, 1]
    start = task.blueprint.initial_values
    together = run_trials(task, [trial_of(small, 1), trial_of(large, 1)], start)
    for recipe, result in zip((small, large), together, strict=True):
        (alone,) = run_trials(task, [trial_of(recipe, 1)], start)
        np.testing.assert_array_equal(result.curves, alone.curves)


@pytest.mark.skipif(len(jax.devices()) < 2, reason="one device")
def test_recipes_on_different_devices_train_in_one_study(monkeypatch):
    """Where memory leaves one structure fewer devices than another."""
    task, devices = task_of((8,)), tuple(jax.devices()[:2])
    small, large = jr.Recipe(), jr.Recipe(jr.DropConnect(0.2))

    def layouts(recipe):
        return Layout(devices if recipe == small else devices[:1], 1, "map")

    monkeypatch.setattr(scheduler, "layouts_for", lambda *_: layouts)
    start = task.blueprint.initial_values
    trials = [trial_of(large, 2), trial_of(small, 2)]
    together = run_trials(task, trials, start)
    for one, result in zip(trials, together, strict=True):
        np.testing.assert_array_equal(result.curves, run_trials(task, [one], start)[0].curves)
    wide, narrow = layouts(small), layouts(large)
    assert [one.devices for one in layout.on_fewest_devices([wide, narrow])] == [devices[:1]] * 2


def test_rows_and_a_containers_limit_leave_less_room_for_lanes(monkeypatch, tmp_path):
    devices = tuple(jax.devices("cpu"))
    assert layout.choose_layout(0, 0, devices, shared_bytes=2**50).lanes == 1
    whole = layout.choose_layout(2**25, 0, devices).lanes
    said = tmp_path / "memory.max"
    monkeypatch.setattr(layout, "_LIMITS", (said, tmp_path / "absent"))
    for text, lanes in (("max\n", whole), (f"{2**26}\n", 1)):
        said.write_text(text)
        assert layout.choose_layout(2**25, 0, devices).lanes == lanes
