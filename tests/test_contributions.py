"""What each technique brings: the laws of the shares on real trainings, one program, words."""

from dataclasses import replace

import numpy as np
import pytest

import justright as jr
from conftest import Compilations, signs
from justright.evidence.contributions import (
    Worths,
    contributions_table,
    drawn_orders,
    interactions_table,
    prefixes,
    present,
)
from justright.evidence.contributions_in_words import contributions_in_words
from justright.evidence.measure import Measure
from justright.regularizers.neutral import neutral_of

FULL = jr.Dropout(0.4) + jr.L2(0.05) + jr.EarlyStopping(3)
NAMES = ["dropout 0.4", "L2 0.05", "early stopping 3"]
HELD = signs(seed=1, count=200)
HOW = {"validation": HELD, "epochs": 12, "seeds": 4, "batch_size": 8}


@pytest.fixture(scope="module")
def rows():
    return signs(seed=0, count=40)


@pytest.fixture(scope="module")
def found(rows):
    return jr.contributions(None, rows, FULL, on="val_loss", **HOW)


def of_kind(found, kind):
    return found.table[found.table["contribution"] == kind].set_index("technique")


def test_shapley_shares_add_up_to_what_the_recipe_brings(found):
    shares = of_kind(found, "Shapley")
    assert list(shares.index) == NAMES
    assert shares["mean"].sum() == pytest.approx(found.whole.mean, abs=1e-6)
    each = found.worths.shapley()
    team = frozenset(range(3))
    whole = found.worths.worth[team] - found.worths.worth[frozenset()]
    np.testing.assert_allclose(each.sum(axis=0), whole, atol=1e-6)


def test_taken_out_and_alone_are_the_paired_differences_of_the_study(found):
    table, study = of_kind(found, "taken out"), found.study
    verdict = study.verdict(found.recipe, "dropout 0.4 + L2 0.05", on="val_loss")
    row = table.loc["early stopping 3"]
    ends = (verdict.low, verdict.high) if verdict.enough else (-np.inf, np.inf)
    assert [row["mean"], row["low"], row["high"]] == pytest.approx([verdict.difference, *ends])
    alone = of_kind(found, "alone").loc["L2 0.05"]
    assert alone["mean"] == pytest.approx(
        study.verdict("L2 0.05", "plain", on="val_loss").difference
    )


def test_all_parts_are_there_and_what_is_out_is_off(found):
    assert len(found.study.recipes) == 8
    assert found.study.recipes[0] == found.recipe == "dropout 0.4 + L2 0.05 + early stopping 3"
    table = found.study.table.set_index("recipe")
    assert (table.loc["L2 0.05", "Dropout.rate"] == 0).all()
    assert (table.loc["plain", ["Dropout.rate", "L2.strength"]] == 0).all().all()
    assert table.loc["dropout 0.4", "EarlyStopping.patience"].isna().all()


def test_a_part_is_the_recipe_without_the_rest(rows, found):
    """Off in the same program, or not there at all: the same up to rounding."""
    parts = {"dropout 0.4": jr.Dropout(0.4), "plain": jr.Recipe()}
    alone = jr.compare(None, rows, parts, **HOW).table.set_index(["recipe", "seed"])
    here = found.study.table.set_index(["recipe", "seed"])
    for name in parts:
        np.testing.assert_allclose(
            here.loc[name, "val_loss"], alone.loc[name, "val_loss"], rtol=1e-3
        )


def test_parts_compile_once(rows):
    small = {"validation": HELD, "epochs": 2, "seeds": 1, "batch_size": 5}
    recipe = jr.Dropout(0.4) + jr.L2(0.01) + jr.MaxNorm(2) + jr.EarlyStopping(3)
    with Compilations() as whole:
        jr.compare(None, rows, {"it": recipe}, **small)
    with Compilations() as parts:
        jr.contributions(None, rows, recipe, **small)
    assert whole.count > 0
    assert parts.count == 0


def test_batch_norm_is_left_out_for_real(rows):
    found = jr.contributions(
        None, rows, jr.BatchNorm() + jr.Dropout(0.2), validation=HELD, epochs=2, seeds=2
    )
    assert set(found.study.recipes) == {"batch norm + dropout 0.2", "plain", "batch norm",
                                        "dropout 0.2"}  # fmt: skip
    assert of_kind(found, "Shapley")["mean"].sum() == pytest.approx(found.whole.mean, abs=1e-6)


def test_orders_stand_for_all_subsets(rows, found):
    """Six trainings' worth of orders for each seed; their shares add up in each run."""
    sampled = jr.contributions(None, rows, FULL, orders=2, on="val_loss", **HOW)
    each = sampled.worths.shapley()
    np.testing.assert_allclose(each.sum(axis=0), found.worths.shapley().sum(axis=0), atol=1e-5)
    assert of_kind(sampled, "Shapley")["runs"].tolist() == [4, 4, 4]
    at_the_end = sampled.interactions.set_index(["first", "second"])
    assert len(at_the_end) == 3
    # The recipe's parts that both have were trained alike.
    left = [of_kind(one, "taken out")["mean"] for one in (sampled, found)]
    np.testing.assert_allclose(*left, atol=1e-5)


def test_of_many_techniques_some_orders_are_trained(rows):
    recipe = jr.Recipe(
        jr.Dropout(0.1), jr.L2(1e-3), jr.L1(1e-4), jr.WeightDecay(1e-3), jr.MaxNorm(3),
        jr.GaussianNoise(0.1), jr.LabelSmoothing(0.1),
    )  # fmt: skip
    found = jr.contributions(None, rows, recipe, validation=HELD, epochs=1, seeds=1)
    assert len(found.study.recipes) < 2**7
    assert of_kind(found, "Shapley")["mean"].sum() == pytest.approx(found.whole.mean, abs=1e-6)
    assert len(found.interactions) == 21
    assert found.plot().axes


def test_orders_are_those_of_fewer_and_every_second_goes_backwards():
    more, fewer = drawn_orders(3, 1, 6, 5), drawn_orders(3, 1, 2, 5)
    assert more[:2] == fewer
    assert all(one == other[::-1] for one, other in zip(more[::2], more[1::2], strict=True))
    assert len({tuple(one) for one in more}) > 2
    assert prefixes((1, 0)) == [frozenset(), {1}, {0, 1}]


def test_a_study_tells_what_it_holds(rows):
    recipes = {"plain": jr.Recipe(), "no L2": jr.Dropout(0.3), "full": jr.Dropout(0.3) + jr.L2(0.1)}
    study = jr.compare(None, rows, recipes, **HOW)
    found = study.contributions()
    assert found.recipe == "full"
    assert list(found.table["contribution"]) == ["alone", "taken out"]
    assert list(found.table["technique"]) == ["dropout 0.3", "L2 0.1"]
    assert "lacks runs with parts" in found.summary()
    assert found.interactions.empty
    assert found.plot().axes
    with pytest.raises(jr.DataError, match="no recipe that is a part of plain"):
        study.contributions("plain")
    with pytest.raises(jr.DataError, match="Did you mean full"):
        study.contributions("ful")


def test_what_is_a_part_of_a_recipe():
    full = jr.Dropout(0.3) + jr.L2(0.1)
    assert present(jr.Recipe(), full) == frozenset()
    assert present(jr.L2(0.1) + jr.Dropout(0.3), full) == {0, 1}
    assert present(jr.Dropout(0.0) + jr.L2(0.1), full) == {1}
    assert present(jr.Recipe(jr.Dropout(0.2)), full) is None
    assert present(full + jr.MaxNorm(2), full) is None


def test_what_has_all_off_is_called_no_regularization_on_the_page(found):
    network = next(one for one in found._page("").sections if one.key == "network")
    assert network.tables[1].rows == [["plain", "no regularization"]]


def test_a_recipe_whose_runs_all_failed_brings_words_and_no_numbers(found):
    worth = {
        part: np.full(4, np.nan) if part else values for part, values in found.worths.worth.items()
    }
    failed = replace(found, worths=replace(found.worths, worth=worth))
    assert failed.whole is None
    assert failed.table.empty
    assert failed.interactions.empty
    assert failed.summary().startswith("No run ended both with dropout 0.4")
    page = failed._page("")
    assert page.answer == failed.summary()
    assert not next(one for one in page.sections if one.key == "contributions").pictures
    assert failed.plot().axes


def test_the_words_are_true(found):
    text = found.summary()
    for name in NAMES:
        assert name in text
    assert "over 4 runs, paired" in text
    assert text.startswith("In validation loss, dropout 0.4 + L2 0.05 + early stopping 3 ")


@pytest.mark.parametrize(
    "one",
    [
        jr.Dropout({"input": 0.1, "hidden": jr.Linear(0, 0.5, 3)}),
        jr.L2(jr.Cosine(0.1, 0.01, 4)),
        jr.MaxNorm({"hidden": 2.0}),
        jr.ElasticNet(0.1, 0.2),
    ],
    ids=str,
)
def test_what_is_off_has_the_same_structure(one):
    off = neutral_of(one)
    assert jr.Recipe(off).structure() == jr.Recipe(one).structure()
    assert off != one
    assert neutral_of(off) == off


def test_what_has_no_neutral_strength_has_none_here():
    for one in (jr.BatchNorm(), jr.SkipConnections(), jr.StochasticDepth(0.2),
                jr.ConcreteDropout(1e-6, 0.01)):  # fmt: skip
        assert neutral_of(one) is None
    assert neutral_of(jr.MaxNorm(jr.Linear(3, 2, 5))) is None


@pytest.mark.parametrize(
    ("recipe", "options", "message"),
    [
        (jr.Recipe(), {}, "empty"),
        (jr.Dropout(0.0) + jr.L2(0.1), {}, "changes nothing"),
        (jr.Dropout(0.1), {"orders": 3}, "even number"),
        (jr.ConcreteDropout(1e-6, 0.01) + jr.RDrop(1.0), {}, "without the rest"),
    ],
)
def test_what_cannot_be_shared_out_is_refused(rows, recipe, options, message):
    with pytest.raises(jr.RecipeError, match=message):
        jr.contributions(None, rows, recipe, validation=HELD, epochs=1, seeds=1, **options)


def alike(units, of_splits):
    """A recipe of one technique in a study where both are always equal."""
    splits = np.arange(units) if of_splits else None
    worth = {frozenset([0]): np.ones(units), frozenset(): np.ones(units)}
    worths = Worths(("dropout 0.4",), worth, splits=splits)
    table, pairs = contributions_table(worths), interactions_table(worths)
    measure = Measure("accuracy", higher_is_better=True)
    return contributions_in_words("it", worths.whole(), table, pairs, "test accuracy", measure)


@pytest.mark.parametrize(
    ("units", "of_splits", "said"),
    [
        (2, False, "2 runs, too few"),
        (3, False, "3 runs, all alike, too few"),
        (2, True, "2 splits, too few"),
        (3, True, "3 splits, all alike, too few"),
        (6, False, "over 6 runs, paired"),
        (6, True, "over 6 splits, paired"),
    ],
)
def test_runs_and_splits_are_told_apart_and_so_is_why_there_is_no_interval(units, of_splits, said):
    text = alike(units, of_splits)
    assert said in text
    assert ("too few" in text) == (units < 6)
