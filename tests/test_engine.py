"""The engine: neighbors and order change nothing, nothing recompiles, bad lanes stay alone."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import jax
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import justright as jr
from conftest import Compilations, dense_net
from justright.engine.evaluate import CHUNK
from justright.engine.layout import Layout, choose_layout
from justright.engine.outcome import Outcome
from justright.engine.program import SegmentProgram, Task, forget
from justright.engine.pruning import Pruning
from justright.engine.rows import Split, pooled
from justright.engine.scheduler import compile_ahead, run_trials
from justright.engine.trial import Trial
from justright.network.blueprint import Blueprint
from justright.network.objective import infer_objective
from justright.network.optimizer import keras_optimizer

RECIPE = jr.Dropout(0.3) + jr.L2(0.001) + jr.EarlyStopping(8)


def make_task(X, y, splits, batch_size=8, model=None, optimizer="adam"):
    blueprint = Blueprint.of(model or dense_net(), X.shape[1:])
    anatomy = blueprint.anatomy
    objective = infer_objective(y, anatomy.output_activation, anatomy.output_shape)
    rows = pooled(X, objective.encode(y, "y"), splits)
    return Task(blueprint, objective, keras_optimizer(optimizer), rows, batch_size, True)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 5)).astype(np.float32)
    y = (X.sum(axis=1) + rng.normal(size=150) > 0).astype(int)
    return X, y


@pytest.fixture(scope="module")
def task(data):
    order = np.random.default_rng(1).permutation(150)
    splits = [
        Split(order[:70], order[70:110], order[110:]),
        Split(order[80:], order[40:80], order[:40]),
    ]
    return make_task(*data, splits)


def trial(seed=0, split=0, recipe=RECIPE, epochs=20, rate=0.003):
    return Trial("it", recipe, seed, split, epochs, rate)


def run(task, trials, **options):
    return run_trials(task, trials, task.blueprint.initial_values, **options)


def assert_identical(a, b):
    np.testing.assert_array_equal(a.curves, b.curves)
    assert (a.outcome, a.best_epoch, a.chosen_epoch) == (b.outcome, b.best_epoch, b.chosen_epoch)
    np.testing.assert_array_equal(a.test, b.test)
    for path, value in a.values.items():
        np.testing.assert_array_equal(value, b.values[path], err_msg=path)


@pytest.fixture(scope="module")
def crowd(task):
    """100 trials of every kind, and what each gave in their company."""
    rng = np.random.default_rng(3)
    trials = [
        trial(
            seed=int(rng.integers(1000)) + 1,
            split=i % 2,
            recipe=jr.Dropout(float(rng.uniform(0, 0.8)))
            + jr.L2(float(rng.choice([0, 1e-3, 1e-1])))
            + jr.EarlyStopping(int(rng.integers(1, 12))),
            epochs=int(rng.integers(1, 25)),
            rate=float(rng.choice([1e-3, 1e-2])),
        )
        for i in range(100)
    ]
    return trials, run(task, trials)


def test_a_trial_alone_gives_what_it_gives_among_a_hundred(task, crowd):
    trials, together = crowd
    for i in (0, 1, 37, 99):
        assert_identical(run(task, [trials[i]])[0], together[i])


@settings(max_examples=3, deadline=None)
@given(order=st.permutations(range(100)))
def test_the_queues_order_changes_nothing(task, crowd, order):
    trials, before = crowd
    chosen = order[:30]
    after = run(task, [trials[i] for i in chosen])
    for i, result in zip(chosen, after, strict=True):
        assert_identical(result, before[i])


def test_results_come_in_the_order_of_the_trials(crowd):
    trials, together = crowd
    assert [r.trial for r in together] == trials


def test_a_study_run_twice_gives_the_same_numbers(task):
    for a, b in zip(run(task, [trial(1), trial(2)]), run(task, [trial(1), trial(2)]), strict=True):
        assert_identical(a, b)


@pytest.mark.parametrize("walk", ["map", "vmap"])
@pytest.mark.parametrize("lanes", [1, 3])
def test_the_layout_changes_numbers_by_rounding_only(task, walk, lanes):
    layout = Layout(tuple(jax.devices()[:1]), lanes, walk)
    trials = [trial(seed=s, split=s % 2, epochs=3) for s in range(4)]
    for a, b in zip(run(task, trials, layout=layout), run(task, trials), strict=True):
        np.testing.assert_allclose(a.curves, b.curves, rtol=2e-4, atol=2e-5)


def test_all_devices_are_used_and_agree(task):
    if len(jax.devices()) < 2:
        pytest.skip("one device")
    one, both = (Layout(tuple(jax.devices()[:n]), 2, "map") for n in (1, 2))
    trials = [trial(seed=s) for s in range(5)]
    for a, b in zip(run(task, trials, layout=one), run(task, trials, layout=both), strict=True):
        np.testing.assert_allclose(a.curves, b.curves, rtol=2e-4, atol=2e-5)


def test_programs_that_were_compiled_ahead_are_found(task, monkeypatch):
    trials = [trial(recipe=jr.Recipe(one), epochs=2) for one in (jr.L2(1e-3), jr.WeightDecay(1e-3))]
    forget()
    with ThreadPoolExecutor(2) as compilers:
        compile_ahead(task, trials, task.blueprint.initial_values, None, compilers)
    with Compilations() as later:
        run(task, trials)
    assert later.count == 0

    def broken(self, forward):
        raise ValueError("odd")

    forget()
    monkeypatch.setattr(jr.L2, "penalty", broken)
    with ThreadPoolExecutor(2) as compilers:
        compile_ahead(task, trials, task.blueprint.initial_values, None, compilers)
    with pytest.raises(jr.RecipeError, match="because of L2: ValueError: odd"):
        run(task, trials)


def test_strengths_seeds_rates_and_patience_never_recompile(data):
    X, y = data
    model = dense_net()

    def study(dropout, l2, patience, rate, seeds, epochs):
        recipe = jr.Dropout(dropout) + jr.L2(l2) + jr.EarlyStopping(patience)
        return jr.compare(
            model,
            (X, y),
            {"it": recipe},
            seeds=seeds,
            epochs=epochs,
            optimizer=keras.optimizers.Adam(rate),
        )

    with Compilations() as first:
        study(0.1, 0.01, 3, 1e-3, 2, 4)
    assert first.count > 0
    with Compilations() as second:
        study(0.0, 0.0, 30, 1e-2, [5, 9, 11], 7)
        study(0.8, 1.0, 1, 1e-4, 12, 60)
    assert second.count == 0


def test_one_program_a_structure(data):
    from justright.engine.program import _programs

    X, y = data
    _programs.clear()
    recipes = {
        "plain": jr.Recipe(),
        "patient": jr.Recipe(jr.EarlyStopping(3)),
        "a": jr.Dropout(0.1) + jr.L2(0.1),
        "b": jr.Dropout(0.9) + jr.L2(0.0) + jr.EarlyStopping(2),
    }
    jr.compare(dense_net(units=(6,)), (X, y), recipes, seeds=2, epochs=2)
    assert len(_programs) == 2


def test_a_network_built_again_needs_no_new_program(data):
    from justright.engine.program import _programs

    X, y = data
    _programs.clear()

    def numbered():
        inputs = keras.Input((X.shape[1],))
        hidden = keras.layers.Dense(5, activation="relu")(inputs)
        return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))

    def study(model, where):
        recipe = jr.Dropout({where: 0.3}) + jr.BatchNorm() + jr.L1({where: 0.01})
        return jr.compare(model, (X, y), {"a": recipe}, seeds=2, epochs=3)

    one, other = numbered(), numbered()
    names = [layer.name for layer in one.layers], [layer.name for layer in other.layers]
    assert names[0] != names[1]
    first = study(one, "hidden")
    known = len(_programs)
    second = study(other, "hidden")
    model = second.model("a")
    assert len(_programs) == known
    for a, b in zip(first.results, second.results, strict=True):
        np.testing.assert_array_equal(a.curves, b.curves)
        for x, z in zip(a.values.values(), b.values.values(), strict=True):
            np.testing.assert_array_equal(x, z)
    assert {path.split("/")[0] for path in second.results[0].values} <= {
        *names[1],
        f"{names[1][1]}_batch_norm",
    }
    assert model.get_layer(names[1][1]).units == 5
    # A strength that names a layer means that layer.
    study(one, names[0][1])
    study(other, names[1][1])
    assert len(_programs) == known + 2


def test_a_lane_that_diverges_leaves_its_neighbors_untouched(task):
    good = [trial(seed=s) for s in range(3)]
    bad = trial(seed=9, rate=1e30)
    alone = run(task, good)
    mixed = run(task, [good[0], bad, good[1], bad, good[2]])
    for a, b in zip(alone, mixed[::2], strict=True):
        assert_identical(a, b)
    for result in mixed[1::2]:
        assert result.outcome is Outcome.FAILED
        assert result.epochs_run <= 20
        assert not np.isfinite(result.curves[-1, :2]).all()


@pytest.mark.parametrize("what", ["activation", "schedule", "regularizer"])
def test_an_object_redefined_under_its_name_is_another_program(data, what):
    X, y = data

    def losses(scale):
        custom = keras.saving.register_keras_serializable("tests")
        if what == "activation":

            @custom
            def bent(x):
                return keras.ops.tanh(scale * x)

            return study({"activation": bent})
        if what == "regularizer":

            @custom
            def pulled(w):
                return scale * keras.ops.sum(w**2)

            return study({"activation": "relu", "kernel_regularizer": pulled})

        @custom
        class Schedule(keras.optimizers.schedules.LearningRateSchedule):
            def __call__(self, step):
                return 0.001 * scale

            def get_config(self):
                return {}

        return study({"activation": "relu"}, keras.optimizers.Adam(Schedule()))

    def study(hidden, optimizer="adam"):
        layers = [keras.Input((5,)), keras.layers.Dense(4, **hidden), keras.layers.Dense(1)]
        model = keras.Sequential([*layers, keras.layers.Activation("sigmoid")])
        made = jr.compare(model, (X, y), {"a": jr.Recipe()}, seeds=1, epochs=3, optimizer=optimizer)
        return made.results[0].curves

    first, second, again = losses(1.0), losses(30.0), losses(1.0)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, again)


def test_pruned_trials_leave_and_the_others_do_not_notice(task):
    trials = [trial(seed=s, epochs=20) for s in range(9)]
    asked = []

    def odd(given, curves):
        asked.append((given.seed, len(curves)))
        return given.seed % 2 == 1 and len(curves) >= 8

    layout = Layout(tuple(jax.devices()), 2, "map")
    whole = run(task, trials, layout=layout)
    for _ in range(2):
        asked.clear()
        pruned = run(task, trials, layout=layout, pruning=Pruning(4, odd))
        assert {epochs % 4 for _, epochs in asked} == {0}
        for i, (a, b) in enumerate(zip(whole, pruned, strict=True)):
            if i % 2 and a.epochs_run > 8:
                assert b.outcome is Outcome.PRUNED
                assert b.epochs_run == 8
                assert not b.values
                np.testing.assert_array_equal(a.curves[:8], b.curves)
            else:
                assert_identical(a, b)
    assert any(result.outcome is Outcome.PRUNED for result in pruned)
    with pytest.raises(jr.DataError, match="every"):
        Pruning(0, odd)


def test_lanes_become_fewer_where_memory_does_not_hold_them(task, monkeypatch):
    trials = [trial(seed=s, epochs=3) for s in range(5)]
    wide = Layout(tuple(jax.devices()), 4, "vmap")
    wanted = run_trials(task, trials, task.blueprint.initial_values, layout=wide)
    tried = []
    train = SegmentProgram.run

    def short_of_memory(self, *given):
        tried.append(self.layout.lanes)
        if self.layout.lanes > limit:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")
        return train(self, *given)

    monkeypatch.setattr(SegmentProgram, "run", short_of_memory)
    limit = 1
    results = run_trials(task, trials, task.blueprint.initial_values, layout=wide)
    devices = len(jax.devices())
    down = [4 * devices, 2 * devices, *(n for n in (4, 2, 1) if n <= devices)]
    assert tried[: len(down)] == down
    for a, b in zip(wanted, results, strict=True):
        np.testing.assert_allclose(a.curves, b.curves, rtol=1e-4, atol=1e-5)
    limit = 0
    with pytest.raises(jr.ModelError, match="memory does not hold one lane"):
        run_trials(task, trials, task.blueprint.initial_values, layout=wide)


def test_large_networks_get_fewer_lanes():
    cpu = tuple(jax.devices("cpu"))
    assert choose_layout(0, 0, cpu).lanes_per_device == 4
    assert choose_layout(2**25, 0, cpu).lanes_per_device == 2
    assert choose_layout(2**30, 0, cpu).lanes_per_device == 1
    assert choose_layout(2**30, 0, cpu).devices == cpu
    assert choose_layout(2**50, 0, cpu).lanes == 1
    assert choose_layout(0, 2**50, cpu).lanes == 1

    @dataclass(frozen=True)
    class Gpu:
        platform: str = "gpu"

        def memory_stats(self):
            return {"bytes_limit": 10 * 2**30}

    for state, passing, lanes in ((2**10, 2**10, 256), (2**25, 2**25, 64), (2**40, 0, 1)):
        layout = choose_layout(state, passing, (Gpu(),))
        assert (layout.lanes_per_device, layout.walk) == (lanes, "vmap")


@pytest.mark.parametrize(
    ("multiprocessors", "floats", "lanes"),
    [(132, 8 * 193, 1024), (16, 8 * 193, 256), (132, 10**5, 32), (132, 10**9, 32), (16, 0, 256)],
)
def test_a_gpu_gets_as_many_lanes_as_keep_its_multiprocessors_busy(multiprocessors, floats, lanes):
    @dataclass(frozen=True)
    class Gpu:
        core_count: int
        platform: str = "gpu"

        def memory_stats(self):
            return {"bytes_limit": 10 * 2**30}

    gpu = (Gpu(multiprocessors),)
    assert choose_layout(2**10, 2**10, gpu, step_floats=floats).lanes_per_device == lanes
    assert choose_layout(2**30, 2**30, gpu, step_floats=floats).lanes_per_device == 2


def test_splits_take_their_own_rows(task):
    here, there = run(task, [trial(split=0), trial(split=1)])
    assert not np.array_equal(here.curves[:1], there.curves[:1])
    rows = task.rows
    assert not set(rows.train[0]) & (set(rows.validation[0]) | set(rows.test[0]))


def test_recipes_share_initial_weights_and_batch_order(task):
    """Only what a recipe does sets it apart: neutral recipes of two programs train alike."""
    plain = run(task, [trial(recipe=jr.Recipe())])[0]
    neutral = run(task, [trial(recipe=jr.Dropout(0.0) + jr.L2(0.0))])[0]
    np.testing.assert_allclose(plain.curves[:, :4], neutral.curves[:, :4], rtol=1e-3, atol=1e-4)


def test_seeds_differ_in_weights_order_and_masks(task):
    curves = [r.curves[0, 0] for r in run(task, [trial(seed=s) for s in range(6)])]
    assert len(set(curves)) == 6


def test_progress_counts_up_to_all_trials(task):
    seen = []
    run(task, [trial(seed=s) for s in range(12)], on_progress=seen.append)
    assert [p.trainings for p in seen] == sorted(p.trainings for p in seen)
    last = seen[-1]
    assert (last.trainings, last.epochs) == (last.of_trainings, last.of_epochs) == (12, 240)


def test_large_parts_are_evaluated_in_pieces_and_agree_with_keras():
    rng = np.random.default_rng(2)
    count = CHUNK + 700
    X = rng.normal(size=(count, 5)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    model = dense_net()
    study = jr.compare(
        model, (X[:64], y[:64]), {"it": jr.Recipe()}, validation=(X, y), seeds=1, epochs=1
    )
    trained = study.model("it")
    loss, accuracy = trained.evaluate(X, y, verbose=0)
    assert study.table["val_loss"][0] == pytest.approx(loss, rel=1e-4)
    assert study.table["val_metric"][0] == pytest.approx(accuracy, abs=1e-6)


def test_curves_longer_than_a_segment_are_whole(task):
    result = run(task, [trial(recipe=jr.Recipe(), epochs=173)])[0]
    assert result.epochs_run == 173
    assert np.isfinite(result.curves).all()
    short = run(task, [replace(result.trial, epochs=60)])[0]
    np.testing.assert_array_equal(short.curves, result.curves[:60])
