"""Every pair of techniques composes: a few recipes of many techniques hold all pairs.

`benchmarks/pairs.py` trains each pair alone and writes a record, docs/pairs.csv.
"""

import csv
from itertools import combinations
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import justright as jr
from justright.regularizers import TECHNIQUES
from test_laws import NEUTRAL_STRUCTURE, TABLE, task_for, trainer

pytestmark = pytest.mark.usefixtures("quick_to_compile")

# More groups of fewer techniques compile for longer in all, larger ones for long at a time.
LARGEST = 26
# Without the other it refuses.
NEEDED = {jr.SnapshotEnsemble: jr.WarmRestarts}


def covering(items, size):
    """Groups of at most `size` items that hold every pair, greedily few."""
    uncovered = {frozenset(pair) for pair in combinations(items, 2)}
    groups = []
    while uncovered:
        group = list(next(pair for pair in combinations(items, 2) if frozenset(pair) in uncovered))
        while len(group) < size:
            rest = [one for one in items if one not in group]
            gains = {one: sum(frozenset((one, o)) in uncovered for o in group) for one in rest}
            best = max(rest, key=gains.__getitem__, default=None)
            if best is None or not gains[best]:
                break
            group.append(best)
        uncovered -= {frozenset(pair) for pair in combinations(group, 2)}
        groups.append(sorted(group, key=items.index))
    return groups


GROUPS = covering(list(TECHNIQUES), LARGEST)


def test_the_groups_hold_every_pair_and_are_few():
    pairs = {frozenset(pair) for group in GROUPS for pair in combinations(group, 2)}
    assert pairs == {frozenset(pair) for pair in combinations(TECHNIQUES, 2)}
    assert max(map(len, GROUPS)) <= LARGEST
    # At least so many are needed; three where two thirds of all fit into one.
    fewest = len(pairs) / (LARGEST * (LARGEST - 1) / 2)
    assert len(GROUPS) <= 2 * fewest + 2


def baseline_of(kinds):
    """What has no neutral strength, and the structure that others bring with them."""
    brought = [NEUTRAL_STRUCTURE[kind] for kind in kinds if kind in NEUTRAL_STRUCTURE]
    others = (TABLE[kind][0] for kind in kinds if TABLE[kind][1] is None)
    if not brought:
        return jr.Recipe(*others)
    branches = max(one.count for recipe in brought for one in recipe.techniques)
    kept = (one for one in others if not isinstance(one, jr.SkipConnections))
    return jr.Recipe(*kept, jr.SkipConnections(branches))


def needed_by(kinds):
    """What some of them need beside them, where it is not among them."""
    others = {NEEDED[kind] for kind in kinds if kind in NEEDED} - set(kinds)
    return jr.Recipe(*(TABLE[kind][0] for kind in others))


# MaxNorm and UnitNorm together: the exported model says that it has the second alone.
@pytest.mark.filterwarnings("ignore:Keras holds one constraint a kernel")
@pytest.mark.parametrize("kinds", GROUPS, ids=range(len(GROUPS)))
def test_many_compose(kinds):
    """They train and stay finite; each at its neutral strength, they are the baseline."""
    acting = jr.Recipe(*(TABLE[kind][0] for kind in kinds), needed_by(kinds))
    off = jr.Recipe(*(TABLE[kind][1] or TABLE[kind][0] for kind in kinds), needed_by(kinds))
    base = baseline_of(kinds) + needed_by(kinds)
    model, rows = task_for(*TECHNIQUES)
    recipes = {"acting": acting, "off": off, "base": base}
    study = jr.compare(model, rows, recipes, validation=rows, seeds=1, epochs=2)
    curves = study.curves.set_index("recipe").drop(columns=["seed", "split", "epoch"])
    assert np.isfinite(curves).all().all()
    assert set(acting.strengths()) <= set(study.table.columns)
    np.testing.assert_allclose(curves.loc["off"], curves.loc["base"], rtol=1e-3, atol=1e-5)
    assert (abs(curves.loc["acting"].to_numpy() - curves.loc["base"].to_numpy()) > 1e-4).any()
    fitted = study.model("acting", seed=0)
    np.testing.assert_array_equal(fitted(rows[0]), fitted(rows[0]))


def test_each_pair_was_trained_alone_too():
    """A new technique wants its pairs recorded: CONTRIBUTING.md says how."""
    path = Path(__file__).parents[1] / "docs" / "pairs.csv"
    with path.open(newline="", encoding="utf-8") as file:
        outcomes = {frozenset((one["a"], one["b"])): one["outcome"] for one in csv.DictReader(file)}
    keys = [kind.key() for kind in TECHNIQUES]
    assert set(outcomes) == {frozenset(pair) for pair in combinations(keys, 2)}
    assert set(outcomes.values()) == {"finished"}


def norms_after(*techniques):
    recipe = jr.Recipe(*techniques)
    weights = trainer(jr.MaxNorm, recipe, "sgd")(recipe)
    kernels = [w for path, w in weights.items() if path.endswith("kernel")]
    return np.concatenate([jnp.linalg.norm(w, axis=0) for w in kernels])


def test_what_fills_the_same_place_acts_in_the_order_of_the_recipe():
    """The last one has the last word."""
    np.testing.assert_allclose(norms_after(jr.MaxNorm(0.5), jr.UnitNorm(1.0)), 1, rtol=1e-5)
    np.testing.assert_allclose(norms_after(jr.UnitNorm(1.0), jr.MaxNorm(0.5)), 0.5, rtol=1e-5)


def test_the_order_of_places_is_that_of_the_step_whatever_the_order_of_the_recipe():
    one, other = jr.MaxNorm(0.5) + jr.L2(0.1), jr.L2(0.1) + jr.MaxNorm(0.5)
    weights = [trainer(jr.MaxNorm, recipe, "sgd")(recipe) for recipe in (one, other)]
    for path, value in weights[0].items():
        np.testing.assert_array_equal(weights[1][path], value)
