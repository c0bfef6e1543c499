"""Intervals and claims are right as often as they say, in simulated studies of all designs.

In the normal model splits correlate as the correction says. The ridge regressions are real
learners on real splits of a few rows, and what they are expected to give is known, from many more.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import RepeatedKFold

from justright.evidence.estimate import estimate
from justright.evidence.measure import Measure
from justright.evidence.overlap import ONE_SPLIT, Overlap
from justright.evidence.verdict import paired_verdict, paired_verdicts

SCORE = Measure("score", higher_is_better=True)
STUDIES = 1000


def monte_carlo(share, studies=STUDIES):
    """Three standard errors of a share that is counted in so many studies."""
    return 3 * np.sqrt(share * (1 - share) / studies)


def normal_studies(splits, seeds, ratio, of_seeds, studies=STUDIES, recipes=1, rng_seed=0):
    """(studies, recipes, splits, seeds): what a recipe adds to a baseline, 0 on average."""
    rng = np.random.default_rng([rng_seed, splits, seeds])
    shape = (studies, recipes)
    # A variance of 1 between splits beside what they share: ρ/(1 − ρ) is the ratio.
    common = np.sqrt(ratio) * rng.normal(size=(*shape, 1, 1))
    own = rng.normal(size=(*shape, splits, 1)) * (splits > 1)
    return common * (splits > 1) + own + of_seeds * rng.normal(size=(*shape, splits, seeds))


def table_of(differences):
    """A study whose recipes are better than `plain` by (recipes, splits, seeds)."""
    recipes, splits, seeds = differences.shape
    luck = np.sin(np.arange(splits * seeds)).reshape(splits, seeds)
    runs = np.concatenate([luck[None], luck + differences])
    names = ["plain", *(f"r{i}" for i in range(recipes))]
    index = pd.MultiIndex.from_product(
        [names, range(splits), range(seeds)], names=["recipe", "split", "seed"]
    )
    return pd.DataFrame({"test_metric": runs.ravel()}, index=index).reset_index()


def coverage(studies, ratio, truth=0.0):
    """How often the 95 % interval of studies (studies, splits, seeds) holds the truth."""
    splits = np.repeat(np.arange(studies.shape[1]), studies.shape[2])
    intervals = [estimate(study.ravel(), splits, ratio).interval() for study in studies]
    return np.mean([i.low <= truth <= i.high for i in intervals])


# Splits, seeds, n_test/n_train, standard deviation of seeds (that of splits is 1).
DESIGNS = [
    (1, 3, 0.0, 1.0),
    (1, 10, 0.0, 1.0),
    (3, 1, 0.25, 0.0),
    (5, 1, 0.25, 0.0),
    (10, 1, 1 / 9, 0.0),
    (30, 1, 0.25, 0.0),
    (5, 2, 0.25, 0.5),
    (5, 3, 0.25, 1.0),
    (5, 10, 0.25, 3.0),
    (10, 2, 1 / 9, 1.0),
    (10, 3, 0.25, 2.0),
    (20, 5, 1 / 9, 1.0),
]


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_the_interval_covers_in_93_to_97_percent(design):
    covered = coverage(normal_studies(*design)[:, 0], design[2])
    assert 0.93 <= covered <= 0.97


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_without_a_difference_one_has_a_small_p_value_in_at_most_5_percent(design):
    studies = normal_studies(*design, rng_seed=1)[:, 0]
    splits = np.repeat(np.arange(design[0]), design[1])
    p_values = [estimate(study.ravel(), splits, design[2]).p_value() for study in studies]
    assert np.mean(np.array(p_values) < 0.05) <= 0.05 + monte_carlo(0.05)


def decisions(studies, ratio, margin=None):
    """Of `r0` against `plain` in studies (studies, recipes, splits, seeds)."""
    overlap = ONE_SPLIT if studies.shape[2] == 1 else Overlap(test=ratio)
    found = [
        paired_verdict(table_of(study), "r0", "plain", "test_metric", SCORE, overlap, margin)
        for study in studies
    ]
    return np.array([verdict.decision for verdict in found])


@pytest.mark.parametrize("design", [(1, 10, 0.0, 1.0), (5, 3, 0.25, 1.0)], ids=str)
def test_without_a_difference_one_is_claimed_in_at_most_5_percent(design):
    claimed = decisions(normal_studies(*design, rng_seed=6), design[2]) != "no difference shown"
    assert claimed.mean() <= 0.05 + monte_carlo(0.05)


@pytest.mark.parametrize("design", [(1, 6, 0.0, 1.0), (5, 2, 0.25, 0.5)], ids=str)
def test_of_several_recipes_any_is_claimed_in_at_most_5_percent(design):
    """Taken one by one, of four recipes some would be in about 14 %."""
    overlap = ONE_SPLIT if design[0] == 1 else Overlap(test=design[2])
    pairs = [(f"r{i}", "plain") for i in range(4)]
    corrected, alone = [], []
    for study in normal_studies(*design, studies=300, recipes=4, rng_seed=2):
        found = paired_verdicts(table_of(study), pairs, "test_metric", SCORE, overlap)
        corrected.append(any(v.decision != "no difference shown" for v in found))
        alone.append(any(v.p < 0.05 for v in found))
    assert np.mean(corrected) <= 0.05 + monte_carlo(0.05, 300)
    assert np.mean(alone) > 0.1


@pytest.mark.parametrize("design", [(1, 8, 0.0, 1.0), (6, 2, 0.25, 0.5)], ids=str)
def test_at_the_margin_equivalence_is_claimed_in_at_most_5_percent(design):
    margin, ratio = 3.0, design[2]
    studies = normal_studies(*design, studies=300, rng_seed=3)
    at_margin = decisions(studies + margin, ratio, margin) == "equivalent"
    assert at_margin.mean() <= 0.05 + monte_carlo(0.05, 300)
    assert (decisions(studies[:100], ratio, margin) == "equivalent").mean() > 0.6


# ---------------------------------------------------------------- real learners, real splits


def ridge(X, y, strength):
    gram = np.einsum("...ni,...nj->...ij", X, X) + strength * np.eye(X.shape[-1])
    return np.linalg.solve(gram, np.einsum("...ni,...n->...i", X, y)[..., None])[..., 0]


def best_feature(X, y):
    """Regression on the one feature that correlates most: another set of rows, another one."""
    products = np.einsum("rni,rn->ri", X, y)
    every, best = np.arange(len(X)), np.abs(products).argmax(axis=1)
    weights = np.zeros_like(products)
    weights[every, best] = products[every, best] / (X[every, :, best] ** 2).sum(axis=1)
    return weights


LEARNERS = {
    "weak against strong": (lambda X, y: ridge(X, y, 1.0), lambda X, y: ridge(X, y, 500.0)),
    "weak against mild": (lambda X, y: ridge(X, y, 1.0), lambda X, y: ridge(X, y, 20.0)),
    "one feature against mild": (best_feature, lambda X, y: ridge(X, y, 30.0)),
}


class World:
    """Rows y = Xw + noise, two learners, and by how much the first has the lower squared error."""

    def __init__(self, learners, of_seeds=0.0):
        self.learners, self.of_seeds = LEARNERS[learners], of_seeds
        self.features = 8 if "feature" in learners else 3
        self.rng = np.random.default_rng(5)

    def draw(self, studies, rows):
        X = self.rng.normal(size=(studies, rows, self.features))
        weights = np.full(self.features, 1 / np.sqrt(3))
        return X, X @ weights + self.rng.normal(size=X.shape[:-1])

    def advantage(self, train, judged, seeds=1):
        """(studies, seeds)"""
        runs = []
        for _ in range(seeds):
            weights = [learn(*train) for learn in self.learners]
            weights = [w + self.of_seeds * self.rng.normal(size=w.shape) for w in weights]
            X, y = judged
            losses = [((np.einsum("rni,ri->rn", X, w) - y) ** 2).mean(axis=1) for w in weights]
            runs.append(losses[1] - losses[0])
        return np.stack(runs, axis=-1)

    def studies(self, count, rows, splits, seeds=1, judged=None):
        """(studies, splits, seeds) on the same few rows, divided again and again."""
        X, y = self.draw(count, rows)
        parts = []
        for train, held in splits:
            there = (X[:, held], y[:, held]) if judged is None else judged
            parts.append(self.advantage((X[:, train], y[:, train]), there, seeds))
        return np.stack(parts, axis=1)

    def truth(self, training_rows):
        """What to expect of so many training rows, from 50,000 studies of one split."""
        found = [
            self.advantage(self.draw(5_000, training_rows), self.draw(5_000, 20)).mean()
            for _ in range(10)
        ]
        return np.mean(found)


def random_splits(rows, share, count):
    rng = np.random.default_rng(0)
    cut = round(rows * share)
    return [(order[cut:], order[:cut]) for order in (rng.permutation(rows) for _ in range(count))]


def k_fold(rows, folds, repeats=1):
    splitter = RepeatedKFold(n_splits=folds, n_repeats=repeats, random_state=0)
    return list(splitter.split(np.zeros(rows)))


@pytest.mark.parametrize(
    ("learners", "splits", "seeds", "of_seeds", "low", "high"),
    [
        # What judges varies most: the model of the correction, and 93 to 97 % hold.
        ("weak against strong", random_splits(60, 0.2, 10), 1, 0.0, 0.93, 0.97),
        ("weak against strong", random_splits(60, 0.2, 10), 3, 0.15, 0.93, 0.97),
        ("weak against strong", k_fold(60, 10, repeats=3), 1, 0.0, 0.93, 0.98),
        # Splits correlate less: it is careful.
        ("weak against strong", k_fold(60, 5), 1, 0.0, 0.95, 1.0),
        ("weak against mild", random_splits(60, 0.2, 10), 1, 0.0, 0.96, 1.0),
        ("weak against mild", random_splits(60, 0.2, 10), 3, 0.1, 0.97, 1.0),
        # Learners that jump make them correlate more: it is bold.
        ("one feature against mild", k_fold(40, 5, repeats=3), 1, 0.0, 0.8, 0.93),
    ],
)
def test_on_splits_of_the_same_rows_it_covers_as_the_docs_say(
    learners, splits, seeds, of_seeds, low, high
):
    world = World(learners, of_seeds)
    train, held = splits[0]
    found = world.studies(STUDIES, len(train) + len(held), splits, seeds)
    covered = coverage(found, len(held) / len(train), world.truth(len(train)))
    assert low <= covered <= high


@pytest.mark.parametrize("learners", ["weak against strong", "one feature against mild"])
def test_without_the_correction_it_would_not_cover(learners):
    world = World(learners)
    splits = k_fold(40, 5, repeats=3)
    covered = coverage(world.studies(STUDIES, 40, splits), 0.0, world.truth(32))
    assert covered < 0.8


@pytest.mark.parametrize(
    ("splits", "without"), [(random_splits(60, 0.2, 10), 0.4), (k_fold(60, 5), 0.6)]
)
def test_on_fixed_test_rows_the_shared_training_rows_are_what_counts(splits, without):
    """Splits share most of them: without a correction most intervals would miss."""
    world = World("weak against strong")
    judged = world.draw(STUDIES, 200)
    found = world.studies(STUDIES, 60, splits, judged=judged)
    training_rows = len(splits[0][0])
    truth = np.mean(
        [world.advantage(world.draw(STUDIES, training_rows), judged) for _ in range(100)], axis=0
    )
    shared = np.mean(
        [len(np.intersect1d(a, b)) for a, _ in splits for b, _ in splits if a is not b]
    )
    shared /= training_rows
    centered = found - truth[:, None]
    assert 0.92 <= coverage(centered, shared / (1 - shared)) <= 0.97
    assert coverage(centered, 0.0) < without
