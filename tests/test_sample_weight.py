"""Sample weights: Keras' semantics in training, weighted means in figures, nothing when absent."""

import keras
import numpy as np
import pandas as pd
import pytest

import justright as jr
from conftest import dense_net
from justright.data.weights import checked_weights

RNG = np.random.default_rng(3)
WEIGHTS = np.concatenate([RNG.uniform(0, 3, 70), np.zeros(10)])


def trained(model, X, y, weights, recipe=None, **options):
    study = jr.compare(
        model,
        (X, y),
        {"it": recipe or jr.Recipe()},
        sample_weight=weights,
        **{
            "validation": (X, y),
            "seeds": 1,
            "epochs": 4,
            "batch_size": 16,
            "shuffle": False,
            "initial_weights": "model",
        }
        | options,
    )
    return study, study.model("it").get_weights()


def assert_same(ours, theirs, tolerance=1e-5):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance, rtol=0)


@pytest.mark.parametrize("batch_size", [16, 24], ids=["full batches", "a smaller last batch"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_training_equals_keras_fit(binary, small_net, batch_size, optimizer):
    X, y = binary
    twin = keras.models.clone_model(small_net)
    twin.set_weights(small_net.get_weights())
    twin.compile(optimizer, "binary_crossentropy")
    options = {"batch_size": batch_size, "epochs": 4, "shuffle": False, "verbose": 0}
    twin.fit(X, y, sample_weight=WEIGHTS, **options)
    _, ours = trained(small_net, X, y, WEIGHTS, batch_size=batch_size, optimizer=optimizer)
    assert_same(ours, twin.get_weights())


def test_figures_are_weighted_means_as_keras_metrics_give_them(binary, small_net):
    X, y = binary
    study, _ = trained(small_net, X, y, WEIGHTS, jr.L2(0.01), validation=0.25)
    split, rows = study.task.rows, study.table.iloc[0]
    model = jr.strip_regularization(study.model("it"))
    p = model.predict(X, verbose=0)[:, 0]
    for part, index in (("train", split.train[0]), ("val", split.validation[0])):
        accuracy = keras.metrics.BinaryAccuracy()
        accuracy.update_state(y[index, None], p[index, None], sample_weight=WEIGHTS[index])
        losses = keras.losses.binary_crossentropy(
            y[index, None].astype("float32"), p[index, None].astype("float32")
        )
        mean = np.average(np.asarray(losses), weights=WEIGHTS[index])
        assert rows[f"{part}_metric"] == pytest.approx(float(accuracy.result()), abs=1e-6)
        assert rows[f"{part}_loss"] == pytest.approx(mean, rel=1e-4)


def test_equal_weights_are_no_weights_and_a_factor_is_one_of_the_loss(binary, small_net):
    X, y = binary
    _, plain = trained(small_net, X, y, None, optimizer="sgd")
    _, ones = trained(small_net, X, y, np.ones(len(y)), optimizer="sgd")
    assert_same(ones, plain, 1e-6)
    slow = keras.optimizers.SGD(0.005)
    _, doubled = trained(small_net, X, y, 2 * np.ones(len(y)), optimizer=slow)
    assert_same(doubled, plain, 1e-6)


def test_without_weights_a_program_has_no_place_for_them(binary, small_net):
    study, _ = trained(small_net, *binary, None)
    assert study.task.rows.sample_weight is None


MIXING = [jr.Mixup(1.0), jr.ManifoldMixup(1.0, with_input=False)]


@pytest.mark.parametrize("recipe", [jr.Recipe(), *MIXING], ids=["plain", "mixup", "manifold"])
def test_the_label_of_a_row_that_counts_nothing_has_no_say(binary, small_net, recipe):
    X, y = binary
    other = np.where(WEIGHTS == 0, 1 - y, y)
    _, here = trained(small_net, X, y, WEIGHTS, recipe)
    _, there = trained(small_net, X, other, WEIGHTS, recipe)
    for a, b in zip(here, there, strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_follow_their_rows_through_splits_and_preprocessing(binary):
    X, y = binary
    options = {"initial_weights": None, "validation": None, "splits": 2, "shuffle": True}
    options |= {"validation": 0.25, "test": 0.25}
    plain, _ = trained(None, X, y, WEIGHTS, **options)
    prepared, _ = trained(None, X, y, WEIGHTS, preprocess="standardize", **options)
    for study in (plain, prepared):
        rows = study.task.rows
        for part in (rows.train, rows.validation, rows.test):
            for split in part:
                labels = np.asarray(rows.targets)[split].ravel()
                assert set(np.asarray(rows.sample_weight)[split]) <= set(WEIGHTS.astype("float32"))
                assert len(labels) == len(split)
    one = plain.task.rows
    order = [np.flatnonzero((row == X).all(axis=1))[0] for row in X[one.train[0]].astype("float32")]
    np.testing.assert_array_equal(one.sample_weight[one.train[0]], WEIGHTS[order].astype("f4"))
    first = np.asarray(prepared.task.rows.sample_weight)[prepared.task.rows.train[0]]
    np.testing.assert_array_equal(first, one.sample_weight[one.train[0]])


def test_given_validation_rows_count_one(binary, held_out, small_net):
    study, _ = trained(small_net, *binary, WEIGHTS, validation=held_out)
    rows = study.task.rows
    np.testing.assert_array_equal(rows.sample_weight[rows.validation[0]], 1)


def test_a_search_and_its_refit_take_weights(binary):
    X, y = binary
    found = jr.search(
        dense_net(), (X, y), space=["L2"], budget=4, seeds=0, epochs=2, sample_weight=WEIGHTS
    )
    refit = found.refit(progress=False).task.rows
    np.testing.assert_array_equal(
        np.sort(refit.sample_weight[refit.train[0]]), np.sort(WEIGHTS.astype("f4"))
    )


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.ones(3), "sample_weight has 3"),
        (np.ones((80, 2)), "one number a row"),
        (-np.ones(80), r"holds -1.0 in row 0"),
        (np.full(80, np.nan), "holds nan in row 0"),
        (np.zeros(80), "zero in all rows"),
        (["much"] * 80, "numbers are wanted"),
    ],
    ids=["too few", "two columns", "negative", "missing", "zero", "text"],
)
def test_weights_that_cannot_be_used_are_refused(binary, small_net, weights, words):
    with pytest.raises(jr.DataError, match=words):
        trained(small_net, *binary, weights)


def test_a_part_without_a_row_that_counts_is_refused(binary, small_net):
    weights = np.zeros(80)
    weights[0] = 1
    with pytest.raises(jr.DataError, match="is 0 in all rows of"):
        trained(small_net, *binary, weights, validation=0.25)


@pytest.mark.parametrize("experiment", [jr.evidence_strength, jr.dropout_ensemble])
def test_experiments_that_take_rows_alike_refuse_weights(binary, experiment):
    with pytest.raises(jr.DataError, match=f"{experiment.__name__} takes every row alike"):
        experiment(None, binary, sample_weight=WEIGHTS, epochs=1, seeds=1)


def test_rows_on_disk_refuse_weights(tmp_path, binary):
    X, y = binary
    np.save(tmp_path / "X.npy", X)
    lazy = np.load(tmp_path / "X.npy", mmap_mode="r")
    with pytest.raises(jr.DataError, match="sample_weight wants rows in memory"):
        jr.compare(None, (lazy, y), {"it": jr.Recipe()}, sample_weight=WEIGHTS, epochs=1)


def test_weights_of_a_series_are_read():
    read = checked_weights(pd.Series([1, 2, 0], index=[5, 6, 7]), 3)
    assert read.tolist() == [1, 2, 0]
    assert checked_weights(None, 3) is None
