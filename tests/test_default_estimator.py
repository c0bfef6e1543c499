"""The estimators when nothing is given: networks that predict together, judged on unseen rows."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.base import clone

import justright as jr
from justright.data.smooth_scale import SmoothScaler
from justright.estimators.strategy import divides
from justright.estimators.thresholds import balanced, decided

RNG = np.random.default_rng(3)
X = RNG.normal(size=(60, 3)).astype(np.float32)
NUMBERS = X[:, 0] + 0.3 * RNG.normal(size=60)
Y = np.where(NUMBERS > 0.7, "yes", "no")
QUICK = {"budget": 40, "epochs": 2}  # So many that each row is held out once.


@pytest.fixture(scope="module")
def fitted():
    weights = np.ones(60)
    weights[:4] = 0
    weights[4:8] = 2
    groups = np.arange(60) // 3
    one = jr.RegularizedClassifier(threshold="tuned", objective="roc_auc", **QUICK)
    return one.fit(X, Y, sample_weight=weights, groups=groups)


def test_networks_predict_together_as_one_plain_keras_model(fitted):
    p = fitted.predict_proba(X)
    theirs = fitted.model_.predict(fitted.prepared(X), verbose=0)[:, 0]
    np.testing.assert_allclose(p[:, 1], theirs, atol=1e-6)
    assert "EMA" in str(fitted.recipe_)
    assert isinstance(fitted.study_, jr.Study)
    assert fitted.history_["epoch"].is_monotonic_increasing


def test_held_out_predictions_are_of_rows_that_did_not_train(fitted):
    held = fitted.held_out_
    assert held.shape == (60, 2)
    assert np.isnan(held[:4]).all()  # Rows that count nothing have none.
    assert np.isfinite(held[4:]).all()
    np.testing.assert_allclose(held[4:].sum(axis=1), 1, rtol=1e-6)
    loss = metrics.log_loss(Y[4:], held[4:])
    assert fitted.calibration_.log_loss == pytest.approx(loss)
    assert fitted.calibration_.rows == 56


def test_words_say_by_what_networks_were_chosen(fitted):
    assert fitted.optimized_ == (
        "Recipes, and the shares of their networks in the prediction, were chosen by "
        "cross-validated roc auc; the weights minimize binary crossentropy. Rows count by "
        "sample_weight. Thresholds were tuned for balanced accuracy on 56 validation rows."
    )
    assert "predict together" in fitted.notes_[-1]


def test_thresholds_are_those_of_the_held_out_rows(fitted):
    codes = (Y[4:] == "yes").astype(int)
    weights = np.array([2.0] * 4 + [1.0] * 52)
    expected = balanced(fitted.held_out_[4:], codes, weights)
    np.testing.assert_allclose(fitted.thresholds_, expected)


def test_a_copy_from_a_file_predicts_the_same(fitted):
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.predict_proba(X), fitted.predict_proba(X))


def test_groups_are_never_on_two_sides(fitted):
    rows = fitted.study_.task.rows
    groups = np.arange(4, 60) // 3
    for train, held in zip(rows.train, rows.validation, strict=True):
        assert not set(groups[train]) & set(groups[held])


def test_a_frame_of_text_gaps_and_several_targets():
    frame = pd.DataFrame(X[:, :2], columns=["a", "b"])
    frame = frame.assign(c=np.where(X[:, 2] > 0, "big", "small"))
    frame.loc[3, "a"] = np.nan
    targets = np.stack([500 + 100 * NUMBERS, -X[:, 1]], axis=1)
    found = jr.RegularizedRegressor(**QUICK).fit(frame, targets)
    assert found.predict(frame).shape == (60, 2)
    assert found.held_out_.shape == (60, 2)
    assert 300 < found.held_out_[:, 0].mean() < 700  # In the targets' own units.
    assert "chosen by cross-validated mean squared error" in found.optimized_
    again = clone(found).fit(frame, targets)
    np.testing.assert_array_equal(again.predict(frame), found.predict(frame))


@pytest.mark.parametrize(
    ("given", "dimensions", "whether"),
    [
        ({}, 2, True),
        ({}, 3, False),
        ({"preprocess": None}, 2, True),
        ({"preprocess": SmoothScaler()}, 2, False),
        ({"recipe": "l2=1e-3"}, 2, False),
        ({"hidden": (8,)}, 2, False),
        ({"learning_rate": 0.1}, 2, False),
        ({"budget": 9, "epochs": 3, "batch_size": 8}, 2, True),
    ],
)
def test_it_divides_rows_itself_only_where_nothing_is_said_of_the_network(
    given, dimensions, whether
):
    parameters = jr.RegularizedClassifier(**given).get_params(deep=False)
    assert divides(parameters, dimensions) == whether


@pytest.mark.parametrize("groups", [np.arange(5), np.zeros((60, 2))], ids=["few", "two columns"])
def test_groups_that_are_not_one_a_row(groups):
    with pytest.raises(jr.DataError, match="groups"):
        jr.RegularizedClassifier("plain").fit(X, Y, groups=groups)


def test_thresholds_by_class_share_move_rare_classes_up():
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1, 2], [160, 30, 10])
    score = rng.normal(size=(200, 3)) + 1.5 * np.eye(3)[y] + np.log([0.8, 0.15, 0.05])
    p = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    t = balanced(p, y)
    assert t.sum() == pytest.approx(1)
    assert t[0] > t[1] > t[2]
    usual = metrics.balanced_accuracy_score(y, p.argmax(axis=1))
    assert metrics.balanced_accuracy_score(y, decided(p, t, False)) > usual
