"""Tuning by derivatives: the optimum of a fine grid, and refusals where derivatives mislead."""

from contextlib import contextmanager

import keras
import numpy as np
import pytest

import justright as jr
from conftest import dense_net, signs
from justright.evidence.descent import Point, descend, doubts_of, told
from justright.evidence.estimate import estimate
from justright.experiments import tune

NAMES = ("L2.strength",)
WIDE = np.array([[-7.0, 7.0]])


def evaluations(loss, slope, seeds=2):
    """A loss of the logs, and what is called its slope, as `descend` wants them."""
    asked = []

    def evaluate(kind, places):
        points = []
        for logs in places:
            asked.append(kind)
            value = np.full((seeds, 2), loss(logs), float)
            points.append(Point(kind, logs, value, value, np.tile(slope(logs), (seeds, 1))))
        return points

    return evaluate, asked


def bowl(at):
    """Flat far away, as validation losses are: 1 + d²/(1 + d²)/2 for the distance d."""
    at = np.asarray(at, float)

    def loss(x):
        d = np.square(x - at)
        return 1 + (d / (1 + d)).sum() / 2

    def slope(x):
        d = x - at
        return d / np.square(1 + d * d)

    return loss, slope


def test_the_descent_finds_a_minimum_far_away_on_a_plateau():
    evaluate, _ = evaluations(*bowl([4.0, -2.0, 0.5]))
    found = descend(evaluate, np.zeros(3), np.tile([-7.0, 7.0], (3, 1)), 15)
    np.testing.assert_allclose(found.best.logs, [4.0, -2.0, 0.5], atol=0.1)
    assert not found.refusal
    assert doubts_of(found, ("a", "b", "c"), np.tile([-7.0, 7.0], (3, 1))) == []


def test_an_end_of_the_range_is_told():
    evaluate, _ = evaluations(*bowl([4.0]))
    bounds = np.array([[-1.0, 1.0]])
    found = descend(evaluate, np.zeros(1), bounds, 10)
    assert found.best.logs[0] == pytest.approx(1.0)
    assert "has reached the end" in doubts_of(found, NAMES, bounds)[0]


@pytest.mark.parametrize(
    ("loss", "slope", "said"),
    [
        (lambda x: 1 + 0.1 * x[0], lambda x: -0.1 * np.ones(1), "is rough"),
        (lambda x: 1 + 0.1 * x[0], lambda x: 5 * np.ones(1), "is rough"),
        (lambda x: 1.0, lambda x: 1e4 * np.ones(1), "has exploded"),
        (lambda x: 1.0, lambda x: np.full(1, np.nan), "not a finite number"),
        (lambda x: np.nan if x[0] else 1.0, lambda x: np.ones(1), "not finite"),
    ],
)
def test_a_derivative_that_misleads_is_refused(loss, slope, said):
    evaluate, asked = evaluations(loss, slope)
    found = descend(evaluate, np.zeros(1), WIDE, 10)
    assert said in found.refusal
    assert found.best is found.start
    assert asked.count("step") == 1
    assert said in doubts_of(found, NAMES, WIDE)[0]
    assert told(found, NAMES, 1) == "The strengths are as they were given."


def test_training_that_fails_on_the_way_leads_back():
    loss, slope = bowl([1.5])
    evaluate, _ = evaluations(lambda x: np.inf if x[0] > 2 else loss(x), slope)
    found = descend(evaluate, np.array([0.0]), WIDE, 15)
    assert found.best.logs[0] == pytest.approx(1.5, abs=0.15)


def test_seeds_that_disagree_are_told():
    def evaluate(kind, places):
        value = np.ones((4, 2))
        spread = np.array([[1.0], [-1.0], [1.2], [-1.1]])
        return [Point(kind, logs, value, value, 1e-6 * spread) for logs in places]

    found = descend(evaluate, np.zeros(1), WIDE, 3)
    assert any("do not agree" in doubt for doubt in doubts_of(found, NAMES, WIDE))


def numbers(seed, count):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 8)).astype(np.float32)
    return X, (X[:, 0] + np.sin(2 * X[:, 1]) + rng.normal(size=count)).astype(np.float32)


HOW = {"epochs": 60, "batch_size": 20, "optimizer": keras.optimizers.Adam(0.01)}


@pytest.fixture(scope="module")
def tuned():
    model = dense_net((16,), 8, activation=None)
    return model, jr.tune_strengths(
        model, numbers(0, 60), jr.L2(1e-3), validation=numbers(1, 300), seeds=2, **HOW
    )


def test_the_optimum_is_that_of_a_fine_grid(tuned):
    model, found = tuned
    grid = np.geomspace(1e-3, 1, 25)
    study = jr.compare(
        model, numbers(0, 60), {f"{s:.4g}": jr.L2(float(s)) for s in grid},
        validation=numbers(1, 300), seeds=2, progress=False, **HOW,
    )  # fmt: skip
    losses = study.table.groupby("L2.strength")["val_loss"].mean()
    best = found.table.loc[found.table["kind"] == "step", "val_loss"].min()
    assert best <= losses.min() * 1.002
    strength = found.recipe.strengths()["L2.strength"]
    assert abs(np.log(strength / losses.idxmin())) < 0.35
    assert losses.iloc[0] > 1.1 * losses.min()
    assert len(found.table) <= 18


def test_it_says_how_far_it_is(monkeypatch):
    told = []

    @contextmanager
    def listens(shown, of, measure):
        yield lambda done, figures: told.append((shown, done, list(figures)))

    monkeypatch.setattr(tune, "search_bar", listens)
    how = {"validation": numbers(1, 20), "steps": 1, "seeds": 2, "epochs": 2}
    found = jr.tune_strengths((2,), numbers(0, 40), jr.L2(1e-3), progress=True, **how)
    assert {shown for shown, _, _ in told} == {True}
    counts = [done for _, done, _ in told]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, 2 * len(found.table))
    assert told[-1][2] == pytest.approx(found.table["val_loss"].tolist())


def test_the_result_tells_its_way(tuned):
    _, found = tuned
    first = found.table.iloc[0]
    assert first["kind"] == "step"
    assert first["L2.strength"] == pytest.approx(1e-3)
    assert first["slope L2.strength"] < 0
    assert found.trusted == (not found.doubts)
    assert "L2.strength from 0.001 to" in found.summary()
    axes = found.plot().axes
    assert [a.get_ylabel() for a in axes] == ["loss", "strength"]


def test_several_strengths_move_each_its_own_way():
    found = jr.tune_strengths(
        dense_net((16,), 8, activation=None), numbers(0, 60),
        jr.L2({"hidden": 1e-2, "output": 1e-2}) + jr.GaussianNoise(0.1) + jr.Dropout(0.1),
        over=["L2.strength", "GaussianNoise.*"], validation=numbers(1, 100), seeds=1, steps=4,
        **HOW,
    )  # fmt: skip
    names = ["L2.strength[hidden]", "L2.strength[output]", "GaussianNoise.stddev"]
    assert list(found.table.columns[1:4]) == names
    after = found.recipe.strengths()
    assert not set(found.table.loc[0, names]) & {after[n] for n in names}
    assert after["Dropout.rate"] == 0.1


def test_chaotic_training_is_refused_or_doubted():
    keras.utils.set_random_seed(0)
    deep = dense_net((32,) * 6, 8, activation=None)
    found = jr.tune_strengths(
        deep, numbers(0, 40), jr.L2(1e-4), validation=numbers(1, 60), seeds=1, epochs=40,
        batch_size=4, optimizer=keras.optimizers.SGD(0.1, momentum=0.9), steps=2,
    )  # fmt: skip
    assert not found.trusted
    assert found.recipe == jr.Recipe(jr.L2(1e-4))
    assert "No step was taken" in found.summary()


@pytest.mark.parametrize(
    ("recipe", "how", "said"),
    [
        (jr.Dropout(0.5), {}, "no strength of more than 0 that has a derivative"),
        (jr.L2(0.1) + jr.Dropout(0.5), {"over": "Dropout.rate"}, "jumps as it passes a draw"),
        (jr.L2(0.0), {"over": "L2.strength"}, "L2.strength is 0"),
        (jr.L2(0.1), {"over": "L2.strenth"}, "Did you mean L2.strength"),
        (jr.L2(0.1) + jr.EarlyStopping(5), {}, "EarlyStopping ends training"),
        (jr.L2(0.1), {"span": 1.0}, "span=1.0"),
    ],
)
def test_what_cannot_be_tuned_is_refused(recipe, how, said, binary):
    with pytest.raises(jr.RecipeError, match=said):
        jr.tune_strengths(None, binary, recipe, **how)


def test_rows_on_disk_and_odd_counts_are_refused(tmp_path, binary):
    with pytest.raises(jr.DataError, match="steps=-1"):
        jr.tune_strengths(None, binary, jr.L2(0.1), steps=-1)
    X, y = signs(0, 50)
    np.save(tmp_path / "X.npy", X)
    on_disk = np.load(tmp_path / "X.npy", mmap_mode="r")
    with pytest.raises(jr.DataError, match="rows in memory"):
        jr.tune_strengths(None, (on_disk, y), jr.L2(0.1), validation=0.2)


def test_the_error_of_the_loss_is_that_of_a_study_of_the_same_trainings():
    """Splits share rows, which the spread over them does not show."""
    job = {"splits": 3, "validation": 0.25, "seeds": 2, "epochs": 2, "batch_size": 20}
    recipe = jr.L2(0.01)
    tuned = jr.tune_strengths(dense_net(), signs(0, 80), recipe, steps=0, **job)
    study = jr.compare(dense_net(), signs(0, 80), {"the same": recipe}, **job)
    losses, splits = study.table["val_loss"].to_numpy(), study.table["split"].to_numpy()
    expected = estimate(losses, splits, study.overlap.ratio("val_loss"))
    assert tuned.table["val_loss"][0] == pytest.approx(expected.mean, rel=1e-4)
    assert tuned.table["val_error"][0] == pytest.approx(np.sqrt(expected.variance), rel=1e-3)
