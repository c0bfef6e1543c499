"""The default strategy: what it chooses and predicts, and that it sees nothing it should not."""

import keras
import numpy as np
import pytest

import justright as jr
from justright import DataError
from justright.experiments import plan as plans
from justright.experiments.automatic import automatic
from justright.experiments.course import folds_of, row_losses
from justright.experiments.plan import Candidate, Plan
from justright.network.objective import infer_objective


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(plans, "_EPOCHS", (3, 8))


def rings(rows=120, classes=2):
    """Classes that lie around each other, and a column of noise."""
    rng = np.random.default_rng(0)
    y = np.arange(rows) % classes
    angle, radius = rng.uniform(0, 2 * np.pi, rows), 0.3 + y + rng.normal(0, 0.1, rows)
    X = np.stack([radius * np.cos(angle), radius * np.sin(angle), rng.normal(size=rows)], 1)
    return X.astype(np.float32), y


@pytest.fixture(scope="module")
def found():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plans, "_EPOCHS", (20, 30))
        return automatic(*rings(), budget=30)


def test_it_learns_what_no_line_tells_apart(found):
    X, y = rings()
    assert (found.predict(X)[:, 0].round() == y).mean() > 0.9
    assert ((found.held[:, 0] > 0.5) == y).mean() > 0.8
    assert found.held.shape == (120, 1)


def test_shares_add_up_and_every_fold_of_a_recipe_predicts(found):
    assert sum(one.share for one in found.parts) == pytest.approx(1)
    assert found.table["share"].sum() == pytest.approx(1)
    folds = {}
    for one in found.parts:
        folds.setdefault(one.candidate, set()).add(one.fold)
    assert len(set(map(frozenset, folds.values()))) == 1
    assert (found.table["share"].diff().dropna() <= 0).all()


def test_the_keras_model_predicts_the_same_and_is_plain(found, tmp_path):
    X, _ = rings()
    model = found.model()
    np.testing.assert_allclose(model.predict(X, verbose=0), found.predict(X), atol=1e-4)
    model.save(tmp_path / "automatic.keras")
    again = keras.saving.load_model(tmp_path / "automatic.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_a_row_is_judged_by_networks_that_did_not_train_on_it():
    """Labels of chance cannot be told for rows that are held out, however well they are learned."""
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(90, 30)).astype(np.float32), rng.integers(0, 2, 90)
    found = automatic(X, y, budget=10)
    assert ((found.held[:, 0] > 0.5) == y).mean() < 0.7


def test_rows_that_were_seen_are_told_apart_from_those_that_were_not():
    """One split in which a fold is held out: its rows are unseen, and all others are seen."""
    X, y = rings(1200)
    found = automatic(X, y, budget=1)
    unseen = ~np.isnan(found.held[:, 0])
    assert 0 < unseen.sum() < len(y)
    assert (unseen == np.isnan(found.seen[:, 0])).all()
    assert len({one.fold for one in found.parts}) == 1


def test_epochs_and_batches_can_be_given():
    X, y = rings(60)
    found = automatic(X, y, budget=2, epochs=2, batch_size=500)
    assert {len(one.result.curves) for one in found.parts} == {2}
    assert all(setup.task.batch_size == 54 for setup in found.setups.values())


def test_the_same_seed_gives_the_same_networks():
    X, y = rings(60)
    first, again, other = (automatic(X, y, budget=10, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.held, again.held)
    np.testing.assert_array_equal(first.predict(X), again.predict(X))
    assert not np.array_equal(first.held, other.held)


@pytest.mark.parametrize(
    ("y", "outputs"),
    [
        pytest.param(np.array(["a", "b", "c"])[np.arange(60) % 3], 3, id="text"),
        pytest.param(rings(60)[0][:, 0], 1, id="numbers"),
        pytest.param(rings(60)[0][:, :2], 2, id="several numbers"),
        pytest.param((rings(60)[0][:, :2] > 0).astype(int), 2, id="labels"),
        pytest.param(np.array(["rare", "b", *(["c"] * 58)]), 3, id="classes of a row"),
    ],
)
def test_any_targets(y, outputs):
    X, _ = rings(60)
    found = automatic(X, y, budget=4)
    assert found.predict(X).shape == (60, outputs)
    assert np.isfinite(found.predict(X)).all()
    assert np.isfinite(found.table["loss"]).all()


def test_groups_stay_on_one_side():
    groups = np.repeat(np.arange(12), 5)
    for y in (np.arange(60) % 2, np.linspace(0, 1, 60)):
        for train, held in folds_of(y, 5, groups, 0):
            assert not set(groups[train]) & set(groups[held])
            assert len(train) + len(held) == 60


def test_folds_hold_each_row_once_and_keep_shares():
    y = np.repeat([0, 1], [50, 10])
    folds = folds_of(y, 5, None, 0)
    np.testing.assert_array_equal(
        np.sort(np.concatenate([held for _, held in folds])), np.arange(60)
    )
    assert [y[held].sum() for _, held in folds] == [2] * 5


@pytest.mark.parametrize("rows", [8, 60, 200, 900, 3000, 20_000])
@pytest.mark.parametrize("most", [1, 4, 12, 30, 500])
def test_a_plan_keeps_to_its_budget(rows, most):
    plan = Plan.of(np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32))
    within = plan.within(most)
    assert 1 <= within.trainings <= most
    assert within.epochs == plan.epochs
    assert plan.batch <= rows
    assert within == plan or most < plan.trainings


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        (np.zeros((4, 2, 2)), np.arange(4) % 2, "a table is wanted"),
        (np.zeros((1, 2)), np.array(["a"]), "two rows"),
        (np.zeros((6, 2)), np.array(["a"] * 6), "one class only"),
    ],
)
def test_what_cannot_be_trained_on_is_said(X, y, words):
    with pytest.raises(DataError, match=words):
        automatic(X, y)


@pytest.mark.parametrize(
    ("y", "activation", "loss"),
    [
        (np.array([0, 1, 1]), "sigmoid", "binary_crossentropy"),
        (np.array([0, 2, 1]), "softmax", "sparse_categorical_crossentropy"),
        (np.array([[0, 1, 1], [1, 1, 0], [0, 0, 1]]), "sigmoid", "binary_crossentropy"),
        (np.array([[0.5, 1], [2, 3], [-1, 0]]), "linear", "mean_squared_error"),
    ],
)
def test_losses_of_rows_are_those_of_keras(y, activation, loss):
    outputs = {"sigmoid": 1, "softmax": 3, "linear": 2}[activation] if y.ndim == 1 else y.shape[1]
    objective = infer_objective(y, activation, (outputs,))
    told = np.random.default_rng(0).uniform(0.05, 0.9, (3, outputs))
    if activation == "softmax":
        told /= told.sum(axis=1, keepdims=True)
    encoded = objective.encode(y, "y")
    wanted = getattr(keras.losses, loss)(encoded, told.astype(np.float32))
    np.testing.assert_allclose(row_losses(objective, encoded)(told), wanted, rtol=1e-5)


def test_a_recipe_is_told_without_what_is_off():
    strong = Candidate((8,), False, 0.1, 0.4, 0.3, 0.0, 1e-3)
    linear = Candidate((), False, 0.0, 0.0, 0.0, 1e-4, 3e-3)
    assert [type(one) for one in strong.acting(50).techniques] == [
        *(jr.Dropout, jr.WeightDecay, jr.EMA, jr.EarlyStopping)
    ]
    assert jr.L2(1e-4) in linear.acting(50).techniques
    assert {type(one) for one in linear.recipe(50).techniques} >= {jr.L2, jr.WeightDecay}


def test_a_score_chooses_the_shares_on_rows_that_are_held_out(found):
    """A score that likes large outputs takes the network whose outputs are the largest."""
    X, y = rings()
    asked = []

    def score(rows, outputs):
        asked.append(rows)
        return float(outputs.mean())

    liked = automatic(X, y, budget=30, score=score)
    assert all(len(set(rows)) == len(rows) for rows in asked)
    assert np.nanmean(liked.held) >= np.nanmean(found.held)
    assert (liked.table["share"] > 0).sum() == 1
