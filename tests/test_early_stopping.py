"""Early stopping: Keras' rule, the best epoch's weights to the bit, curves that end."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import justright as jr
from justright.engine import best as best_so_far
from justright.engine.members import Predictor
from justright.regularizers.places import StopRule

watch = jax.jit(best_so_far.watch)


def run_rule(rule, losses):
    """Feed losses to the engine's rule; return the epoch of the stop and the best epoch."""
    best = best_so_far.start(Predictor({"w": jnp.zeros(1)}, {}))
    for epoch, loss in enumerate(losses, start=1):
        now = Predictor({"w": jnp.full(1, float(epoch))}, {})
        best, stop = watch(best, rule, jnp.int32(epoch), jnp.float32(loss), now)
        if stop:
            return epoch, int(best.epoch), float(best.predictor.weights["w"][0])
    return len(losses), int(best.epoch), float(best.predictor.weights["w"][0])


def run_keras(losses, patience, min_delta, start):
    """Feed the same losses to Keras' callback."""
    callback = keras.callbacks.EarlyStopping(
        patience=patience, min_delta=min_delta, start_from_epoch=start, mode="min"
    )
    model = SimpleNamespace(stop_training=False)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            return epoch + 1, callback.best_epoch + 1
    return len(losses), callback.best_epoch + 1


@settings(max_examples=60, deadline=None)
@given(
    losses=st.lists(st.integers(0, 8), min_size=1, max_size=15),
    patience=st.integers(1, 4),
    min_delta=st.sampled_from([0.0, 0.5, 1.5]),
    start=st.integers(0, 3),
)
def test_the_rule_is_keras_rule(losses, patience, min_delta, start):
    losses = [float(loss) for loss in losses]
    numbers = (jnp.int32(patience), jnp.float32(min_delta), jnp.int32(start))
    rule = StopRule(*numbers, jnp.bool_(True), jnp.bool_(False))
    ended, best, restored = run_rule(rule, losses)
    theirs_ended, theirs_best = run_keras(losses, patience, min_delta, start)
    assert ended == theirs_ended
    if best:  # Keras reports epoch 0 as the best before it has watched one.
        assert best == theirs_best
        assert restored == best


@pytest.fixture(scope="module")
def study(request):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(140, 5)).astype(np.float32)
    y = (X.sum(axis=1) + 2 * rng.normal(size=140) > 0).astype(int)
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    recipe = jr.Dropout(0.2)
    return jr.compare(
        model,
        (X[:80], y[:80]),
        {
            "on": recipe,
            "stopped": recipe + jr.EarlyStopping(5),
            "last": recipe + jr.EarlyStopping(5, restore_best=False),
        },
        validation=(X[80:], y[80:]),
        seeds=4,
        epochs=60,
        batch_size=8,
        optimizer=keras.optimizers.Adam(0.01),
    )


def stops(study, name):
    return [r for r in study.results if r.trial.name == name]


def test_a_stopped_curve_is_the_start_of_the_one_that_goes_on(study):
    for stopped, on in zip(stops(study, "stopped"), stops(study, "on"), strict=True):
        assert stopped.epochs_run < on.epochs_run
        np.testing.assert_array_equal(stopped.curves, on.curves[: stopped.epochs_run])


def test_a_trial_stops_after_its_patience(study):
    table = study.table.query("recipe == 'stopped'")
    assert (table["epochs_run"] == table["best_epoch"] + 5).all()
    assert (table["outcome"] == "stopped").all()
    lengths = study.curves.query("recipe == 'stopped'").groupby("seed")["epoch"].max()
    np.testing.assert_array_equal(lengths, table["epochs_run"])


def test_the_best_epochs_weights_are_restored_to_the_bit(study):
    """A trial of the same program that ends at the best epoch has the same variables."""
    task = study.task
    from dataclasses import replace

    from justright.engine.scheduler import run_trials

    stopped = stops(study, "stopped")
    short = [
        replace(r.trial, recipe=jr.Recipe(jr.Dropout(0.2)), epochs=r.best_epoch) for r in stopped
    ]
    for ended, restored in zip(
        run_trials(task, short, task.blueprint.initial_values), stopped, strict=True
    ):
        assert ended.values.keys() == restored.values.keys()
        for path, value in ended.values.items():
            np.testing.assert_array_equal(restored.values[path], value, err_msg=path)
        assert restored.test == ended.test or np.isnan(ended.test).all()


def test_figures_are_those_of_the_weights_given(study):
    for name, epoch in (("stopped", "best_epoch"), ("last", "epochs_run")):
        table = study.table[study.table["recipe"] == name]
        curves = study.curves[study.curves["recipe"] == name].set_index(["seed", "epoch"])
        for row in table.itertuples():
            assert row.val_loss == curves.loc[(row.seed, getattr(row, epoch)), "val_loss"]


def test_the_metric_can_be_watched(binary, held_out, small_net):
    study = jr.compare(
        small_net,
        binary,
        {"it": jr.Recipe(jr.EarlyStopping(3, monitor="val_metric"))},
        validation=held_out,
        seeds=3,
        epochs=40,
    )
    for seed, curve in study.curves.groupby("seed"):
        best = study.table.set_index("seed").loc[seed, "best_epoch"]
        assert curve["val_metric"].max() == curve.set_index("epoch").loc[best, "val_metric"]
        assert best == curve.loc[curve["val_metric"].idxmax(), "epoch"]


def test_endless_patience_never_stops(binary, small_net):
    recipe = jr.Recipe(jr.EarlyStopping(float("inf")))
    study = jr.compare(small_net, binary, {"it": recipe}, validation=binary, seeds=1, epochs=9)
    assert study.table["outcome"].tolist() == ["finished"]
