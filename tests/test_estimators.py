"""The estimators: what a user relies on beside scikit-learn's checks."""

import pickle

import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import justright as jr
from conftest import Compilations, dense_net
from justright.estimators import base
from justright.estimators.calibration import calibration_of, calibration_of_labels
from justright.estimators.division import divided
from justright.estimators.problem import Solution
from justright.estimators.scoring import goal_of
from justright.estimators.thresholds import decided, tuned

RNG = np.random.default_rng(5)
X = RNG.normal(size=(80, 3))
NUMBERS = X[:, 0] + 0.3 * RNG.normal(size=80)
Y = np.where(NUMBERS > 0.6, "yes", "no")
THREE = np.digitize(NUMBERS, [-0.7, 0.7])
LABELS = (X[:, :2] > 0.2).astype(int)
WEIGHTS = RNG.uniform(0.5, 2, 80)
CHEAP = {"hidden": (8,), "epochs": 4, "batch_size": 16, "learning_rate": 0.02, "refit": False}


def classifier(recipe="dropout=0.2,l2=1e-3", **changes):
    return jr.RegularizedClassifier(recipe, **{**CHEAP, **changes})


def regressor(recipe="l2=1e-3", **changes):
    return jr.RegularizedRegressor(recipe, **{**CHEAP, **changes})


@pytest.fixture(scope="module")
def fitted():
    return classifier(refit=True).fit(X, Y)


def test_a_fit_leaves_what_it_found(fitted):
    assert fitted.classes_.tolist() == ["no", "yes"]
    assert fitted.recipe_ == jr.Dropout(0.2) + jr.L2(1e-3)
    assert isinstance(fitted.study_, jr.Study)
    assert isinstance(fitted.model_, keras.Sequential)
    assert fitted.history_["epoch"].tolist() == [1, 2, 3, 4]
    assert -1 <= fitted.gap_ <= 1
    assert fitted.calibration_.rows == 16
    assert fitted.thresholds_.tolist() == [0.5, 0.5]
    assert fitted.optimized_ == (
        "The recipe was given; the weights minimize binary crossentropy. All rows count alike. "
        "The most probable class is predicted."
    )
    for word in ("dropout 0.2 + L2 0.001", "points of accuracy", "calibration error"):
        assert word in fitted.summary()


def test_the_keras_model_predicts_what_the_estimator_does(fitted):
    p = fitted.predict_proba(X)
    theirs = fitted.model_.predict(fitted.prepared(X), verbose=0)[:, 0]
    np.testing.assert_allclose(p[:, 1], theirs, atol=1e-6)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    assert fitted.predict(X).tolist() == np.where(p[:, 1] > 0.5, "yes", "no").tolist()


def test_preprocessing_has_seen_training_rows_alone(fitted):
    split = fitted.study_.task.rows
    mean = fitted.preprocess_[-1].scaler_.mean_
    np.testing.assert_allclose(mean, X[split.train[0]].mean(axis=0), rtol=1e-6)
    assert not np.allclose(mean, X.mean(axis=0), rtol=1e-3)


def test_a_copy_or_a_file_keeps_the_network_and_no_study(fitted):
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.predict_proba(X), fitted.predict_proba(X))
    assert copy.model_.loss is not None
    assert copy.recipe_ == fitted.recipe_
    with pytest.raises(AttributeError, match="keeps the network alone"):
        _ = copy.study_
    assert fitted.study_


def test_code_in_a_kept_network_does_not_run(fitted):
    copy = clone(fitted)
    copy.set_params(network=keras.Sequential([keras.Input((3,)), keras.layers.Lambda(abs)]))
    with pytest.raises(jr.ModelError, match="cannot be built again"):
        pickle.loads(pickle.dumps(copy))


def test_strengths_are_parameters():
    one = classifier()
    assert one.get_params()["recipe__dropout"] == 0.2
    net = {"recipe__elastic_net.l1": 1e-4, "recipe__elastic_net.l2": 1e-3}
    other = clone(one).set_params(recipe__dropout=0.5, **net)
    assert other.recipe == jr.Dropout(0.5) + jr.L2(1e-3) + jr.ElasticNet(1e-4, 1e-3)
    assert net.items() <= other.get_params().items()
    assert one.get_params()["recipe"] == "dropout=0.2,l2=1e-3"
    assert jr.RegularizedClassifier().set_params(recipe__l2=0.1).recipe == jr.Recipe(jr.L2(0.1))
    with pytest.raises(jr.RecipeError, match="Did you mean Dropout"):
        one.set_params(recipe__dropuot=0.5)
    with pytest.raises(jr.RecipeError, match="rate"):
        one.set_params(recipe__dropout=30)


def test_a_grid_of_strengths_compiles_no_more_than_one_strength():
    folds = StratifiedKFold(2)

    def grid(name, values, estimator):
        return GridSearchCV(estimator, {name: values}, cv=folds).fit(X, Y)

    grid("recipe__dropout", [0.1], classifier())
    with Compilations() as compilations:
        found = grid("recipe__dropout", [0.2, 0.4, 0.6], classifier())
    assert compilations.count == 0
    assert found.best_params_["recipe__dropout"] in (0.2, 0.4, 0.6)
    piped = make_pipeline(StandardScaler(), classifier(preprocess=None))
    name = "regularizedclassifier__recipe__dropout"
    found = grid(name, [0.0, 0.3], piped)
    assert found.best_params_[name] in (0.0, 0.3)
    assert np.isfinite(found.cv_results_["mean_test_score"]).all()


def test_meta_estimators_take_it():
    scores = cross_val_score(classifier(), X, Y, cv=2, scoring="neg_log_loss")
    assert np.isfinite(scores).all()
    calibrated = CalibratedClassifierCV(classifier(), cv=2).fit(X, Y, sample_weight=WEIGHTS)
    assert calibrated.predict_proba(X).shape == (80, 2)


def test_without_a_recipe_it_searches():
    found = jr.RegularizedClassifier(space=["L2"], budget=5, **{**CHEAP, "epochs": 2}).fit(X, Y)
    assert isinstance(found.study_, jr.Search)
    assert len(found.study_.records) == 5
    assert found.recipe_ == found.study_.recipe
    assert "chosen by validation accuracy and binary crossentropy together" in found.optimized_
    assert "5 trainings" in found.summary()


def test_the_objective_decides_among_the_best_of_a_search():
    found = jr.RegularizedClassifier(
        space={"L2": [0.0001, 100.0]}, budget=6, objective="roc_auc", **{**CHEAP, "epochs": 2}
    ).fit(X, Y)
    assert "roc auc, among the search's best" in found.optimized_


@pytest.mark.parametrize(
    ("objective", "classes", "goal"),
    [
        (None, True, (None, None)),
        ("accuracy", True, ("metric", None)),
        ("log_loss", True, ("loss", None)),
        ("balanced_accuracy", True, (None, "balanced_accuracy")),
        ("neg_mean_absolute_error", False, ("metric", None)),
        ("r2", False, (None, "r2")),
    ],
)
def test_objectives(objective, classes, goal):
    read = goal_of(objective, classes)
    assert (read.by, read.name) == goal


def test_class_weights_are_sample_weights():
    share = np.where(Y == "yes", len(Y) / 2 / (Y == "yes").sum(), len(Y) / 2 / (Y == "no").sum())
    balanced = classifier(class_weight="balanced").fit(X, Y).predict_proba(X)
    by_rows = classifier().fit(X, Y, sample_weight=share).predict_proba(X)
    np.testing.assert_array_equal(balanced, by_rows)
    assert not np.allclose(balanced, classifier().fit(X, Y).predict_proba(X), atol=1e-3)


def test_rows_of_weight_zero_are_as_good_as_absent():
    more = np.concatenate([X, X[:7] + 1]), np.concatenate([Y, ["other"] * 7])
    weights = np.concatenate([WEIGHTS, np.zeros(7)])
    there = classifier().fit(*more, sample_weight=weights)
    here = classifier().fit(X, Y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(there.predict_proba(X), here.predict_proba(X))


@pytest.mark.parametrize("y", [THREE, LABELS], ids=["three classes", "several labels"])
def test_several_classes_and_several_labels(y):
    found = classifier(threshold="tuned").fit(X, y)
    p = found.predict_proba(X)
    assert p.shape == (80, y.max() + 1 if y.ndim == 1 else y.shape[1])
    assert found.predict(X).shape == y.shape
    assert set(np.unique(found.predict(X))) <= set(np.unique(y))
    assert "tuned for" in found.optimized_


@pytest.mark.parametrize("y", [NUMBERS * 1000 + 5000, np.stack([NUMBERS, 9 - X[:, 1]], 1)])
def test_a_regressor_speaks_in_the_units_of_its_targets(y):
    found = regressor(epochs=40, refit=True).fit(X, y, sample_weight=WEIGHTS)
    assert found.predict(X).shape == y.shape
    theirs = found.model_.predict(found.prepared(X), verbose=0)
    np.testing.assert_allclose(found.predict(X), theirs.reshape(y.shape), rtol=1e-4)
    assert found.score(X, y) > 0.5
    assert "of R²" in found.summary()


def test_a_network_of_ones_own_is_trained_and_kept():
    given = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(5, "relu"), keras.layers.Dense(1)]
    )
    model = keras.Model(given.inputs, given.outputs)
    found = clone(regressor(network=model)).fit(X, NUMBERS)
    assert [type(one).__name__ for one in found.model_.layers][-1] == "Rescaling"
    copy = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(copy.predict(X), found.predict(X))
    logits = classifier(network=dense_net(features=3, activation=None), recipe="plain").fit(X, Y)
    assert ((logits.predict_proba(X) >= 0) & (logits.predict_proba(X) <= 1)).all()


FRAME = pd.DataFrame(X[:, :2], columns=["a", "b"]).assign(
    c=np.where(X[:, 2] > 0, "big", "small"), d=X[:, 2]
)
FRAME.loc[3, "a"] = np.nan


@pytest.mark.parametrize("make", [lambda f: f, pl.from_pandas], ids=["pandas", "polars"])
def test_frames_with_text_and_gaps(make):
    found = classifier().fit(make(FRAME), Y)
    assert not any("leave it out" in one for one in found.notes_)
    numbered = classifier().fit(make(FRAME.assign(e=range(80))), Y)
    assert any("'e' counts the rows" in one for one in numbered.notes_)
    assert found.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    assert found.n_features_in_ == 4
    unknown = FRAME.assign(c="never seen")
    assert np.isfinite(found.predict_proba(make(unknown))).all()
    with pytest.raises(ValueError, match="feature names should match"):
        found.predict(make(FRAME.rename(columns={"a": "z"})))


def solution(unseen, seen):
    """What a strategy might give, without training."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, "sigmoid")])
    study, history = object(), pd.DataFrame()
    names = ("accuracy", "binary_crossentropy", ())
    return Solution("search", model, "identity", jr.Recipe(), study, history, unseen, seen, *names)


def test_thresholds_calibration_and_gap_come_from_rows_that_did_not_train(monkeypatch):
    held = np.arange(80) % 4 == 0
    p = np.where(Y == "yes", 0.3, 0.1)[:, None]  # Told apart at 0.2.
    unseen, seen = np.where(held[:, None], p, np.nan), np.where(held[:, None], np.nan, 1 - p)
    asked = []

    def solve(problem):
        asked.append(problem)
        return solution(unseen, seen)

    monkeypatch.setattr(base, "solve", solve)
    found = classifier(threshold="tuned", recipe=None, budget=7).fit(X, Y)
    assert 0.1 < found.thresholds_[1] < 0.3
    assert found.optimized_.endswith(
        "Thresholds were tuned for balanced accuracy on 20 validation rows."
    )
    assert found.calibration_.rows == 20
    assert found.calibration_.log_loss == pytest.approx(
        metrics.log_loss(Y[held], np.column_stack([1 - p, p])[held])
    )
    train = np.mean(Y[~held] == "yes")  # Those of 1 − p say yes to all.
    assert found.gap_ == pytest.approx(train - np.mean(Y[held] == "no"))
    assert (asked[0].budget, asked[0].recipe, asked[0].weights) == (7, None, None)


@settings(deadline=None, max_examples=15)
@given(st.integers(2, 5), st.integers(0, 50))
def test_tuned_thresholds_score_at_least_as_well_as_the_usual(classes, seed):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, 40)])
    p = rng.dirichlet(np.ones(classes), len(y))
    p[np.arange(len(y)), y] += rng.uniform(0, 0.5, len(y))
    p /= p.sum(axis=1, keepdims=True)

    def score(thresholds):
        right = decided(p, thresholds, False) == y
        return np.mean([right[y == one].mean() for one in range(classes)])

    best = tuned(p, score, False)
    usual = np.full(classes, 1 / classes)
    assert score(best) >= score(usual)
    np.testing.assert_array_equal(decided(p, usual, False), p.argmax(axis=1))
    assert best.sum() == pytest.approx(1)
    if classes == 2:
        every = [score(np.array([1 - t, t])) for t in np.linspace(0.001, 0.999, 999)]
        assert score(best) >= max(every) - 1e-12


def test_calibration_tells_exact_probabilities_from_bold_ones():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.05, 0.95, 4000)
    y = (rng.random(4000) < p).astype(int)
    exact = calibration_of(np.column_stack([1 - p, p]), y)
    bold = p**3 / (p**3 + (1 - p) ** 3)
    bolder = calibration_of(np.column_stack([1 - bold, bold]), y)
    assert exact.error < 2 * exact.by_chance
    assert bolder.error > 5 * bolder.by_chance
    assert exact.brier == pytest.approx(2 * metrics.brier_score_loss(y, p))
    assert bolder.log_loss > exact.log_loss == pytest.approx(metrics.log_loss(y, p))
    assert calibration_of_labels(p[:, None], y[:, None]) == exact


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from("abc"), min_size=6, max_size=40), st.integers(0, 9))
def test_every_class_has_rows_to_learn_from(labels, seed):
    y = np.array(labels)
    if all(labels.count(one) == 1 for one in labels):
        return
    try:
        split = divided(y, 0.2, seed)
    except jr.DataError:
        assert min(labels.count(one) for one in set(labels)) == 1
        return
    assert set(y[split.train]) == set(labels)
    assert len(split.validation) >= 1
    both = np.concatenate([split.train, split.validation])
    assert sorted(both) == list(range(len(y)))


def test_the_same_seed_gives_the_same_network_and_another_another():
    one, same, other = (
        classifier(random_state=seed).fit(X, Y).predict_proba(X) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"threshold": 2.0}, "threshold=2.0"),
        ({"threshold": "ballanced_accuracy"}, "Did you mean balanced_accuracy"),
        ({"class_weight": "even"}, "'balanced', a mapping"),
        ({"class_weight": {"maybe": 2}}, "classes that y does not hold"),
        ({"objective": "roc_auk"}, "Did you mean roc_auc"),
        ({"preprocess": "scale"}, "preprocess='scale'"),
        ({"preprocess": 3}, "no fit and transform"),
        ({"validation": 1.5}, "validation=1.5"),
        ({"recipe": 3}, "recipe=3"),
        ({"recipe": "dropuot=0.3"}, "Did you mean dropout"),
    ],
)
def test_parameters_that_cannot_be_used_are_refused_by_fit(monkeypatch, changes, words):
    p = np.where(np.arange(80) % 4 == 0, 0.3, np.nan)[:, None]
    monkeypatch.setattr(base, "solve", lambda problem: solution(p, p))
    with pytest.raises(jr.JustrightError, match=words):
        classifier(**changes).fit(X, Y)


def test_targets_that_cannot_be_used_are_refused():
    with pytest.raises(jr.DataError, match="one class only"):
        classifier().fit(X, np.zeros(80))
    with pytest.raises(ValueError, match="Unknown label type"):
        classifier().fit(X, NUMBERS)
    with pytest.raises(jr.DataError, match="one class a row"):
        classifier(class_weight="balanced").fit(X, LABELS)
