"""What a search may choose: dimensions, spaces, and which points share a program."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import justright as jr
from conftest import dense_net
from justright.experiments.dimension import Amount, Pick
from justright.experiments.ranges import NO_RANGE, NOT_ALONE, RANGES, ranges_for
from justright.experiments.sampler import _thinned, ask
from justright.experiments.shapes import FEWEST, MOST, hidden_units, programs_that_pay, within
from justright.experiments.space import space_of
from justright.experiments.starts import STARTS, starts_for
from justright.regularizers import TECHNIQUES

EPOCHS = 30


def space(spec, base=None, sizes=True, rate=True):
    return space_of(spec, ranges_for(EPOCHS), base or jr.Recipe(), sizes, rate)


COCKTAIL = {
    "width": [16, 64, 256],
    "depth": [1, 2, 3],
    "learning_rate": (1e-4, 1e-2),
    "Dropout": None,
    "L2.strength": (1e-5, 1e-2),
    "MaxNorm": None,
    "BatchNorm": None,
    "StochasticDepth": None,
    "EarlyStopping": None,
}
units = st.floats(0, 1)


@given(units, st.booleans(), st.booleans(), st.booleans())
def test_values_and_the_samplers_numbers_go_there_and_back(unit, log, whole, optional):
    one = Amount("a", 2, 400, log, whole, optional)
    value = one.value_of(unit)
    if value is None:
        assert optional
        assert unit < 0.5
    else:
        assert one.low <= value <= one.high
        assert not whole or value == int(value)
        assert one.value_of(one.unit_of(value)) == pytest.approx(value, rel=0.01)
    assert one.value_of(one.unit_of(None)) is None or not optional


@given(units, units)
def test_off_is_the_neighbor_of_the_weakest(a, b):
    one = Amount("a", 1e-3, 1.0, True, False, True)
    low, high = sorted([a, b])
    weak, strong = one.value_of(low), one.value_of(high)
    assert (weak or 0) <= (strong or 0)


def test_numbers_that_are_options_have_neighbors():
    one = Pick("width", (None, 32, 128))
    assert one.ordered
    assert one.position_of(100) == 2
    assert not Pick("BatchNorm", (None, True)).ordered


def test_every_technique_has_a_usual_range_that_it_takes():
    assert {*RANGES, *NO_RANGE, *NOT_ALONE} == {kind.__name__ for kind in TECHNIQUES}
    for kind in TECHNIQUES:
        if kind.__name__ in NOT_ALONE:
            continue
        one = space([kind])
        on = one.recipe({d.name: d.options[-1] if isinstance(d, Pick) else d.high
                         for d in one.dimensions})  # fmt: skip
        assert [type(t) for t in on.techniques] == [kind]
        assert one.recipe({}).techniques == ()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, "space is empty"),
        (["Dropuot"], "Did you mean Dropout"),
        ([3], "name techniques"),
        ({"Dropout.strength": (0.1, 0.5)}, r"no such strength.*Dropout.rate"),
        ({"Dropout.rate": (0.5, 0.1)}, "the lower one first"),
        ({"Dropout.rate": (0.1, 5)}, r"Dropout\(rate=5"),
        ({"Dropout.rate": "0.1"}, "give a range as a tuple"),
        ({"Dropout.rate": [0.1, "a"]}, "options are numbers"),
        ({"L2.strength": (0.1, float("inf"))}, "finite"),
        (["SnapshotEnsemble"], r"base=WarmRestarts\(10, 2\)"),
        ({"width": (32, 64)}, "each size is a program of its own"),
        ({"width": [0, 64]}, "above 0"),
        ({"learning_rate": (0, 1)}, "above 0"),
    ],
)
def test_a_space_that_cannot_be_is_refused_with_what_to_write(spec, said):
    with pytest.raises(jr.RecipeError, match=said):
        space(spec)


def test_sizes_and_rates_that_are_not_free_are_refused():
    with pytest.raises(jr.RecipeError, match="the model is given"):
        space({"width": [32]}, sizes=False)
    with pytest.raises(jr.RecipeError, match="has a schedule"):
        space({"learning_rate": (1e-4, 1e-2)}, rate=False)


def test_a_technique_may_be_left_out_unless_it_is_said_that_it_stays():
    free = space({"Dropout.rate": (0.2, 0.5)})
    held = space({"Dropout": True, "Dropout.rate": (0.2, 0.5)})
    assert free.dimensions[0].optional
    assert not held.dimensions[0].optional
    assert held.recipe(held.admitted({})) == jr.Recipe(jr.Dropout(0.35))


def test_strengths_may_differ_by_layer_and_the_base_keeps_its_options():
    one = space({"Dropout.rate[input]": (0.1, 0.3), "Dropout.rate[hidden]": (0.1, 0.5)})
    assert one.recipe({"Dropout.rate[hidden]": 0.4}) == jr.Recipe(
        jr.Dropout({"input": 0.0, "hidden": 0.4})
    )
    base = jr.EarlyStopping(5, monitor="val_metric") + jr.L2(0.1)
    one = space({"EarlyStopping.patience": [3, 9]}, base)
    recipe = one.recipe({"EarlyStopping.patience": 9})
    assert recipe == jr.L2(0.1) + jr.EarlyStopping(9, monitor="val_metric")


def test_what_is_off_at_no_cost_shares_the_program():
    one = space(COCKTAIL)
    plain = {"width": 64, "depth": 2, "learning_rate": 1e-3}
    dropped = plain | {"Dropout.rate": 0.3, "EarlyStopping.patience": 4}
    normed = plain | {"BatchNorm": True}
    deep = plain | {"StochasticDepth.rate": 0.3}
    assert one.structure(plain) == one.structure(dropped)
    assert one.in_program(plain).structure() == one.in_program(dropped).structure()
    assert len({one.structure(p) for p in (plain, normed, deep, plain | {"width": 16})}) == 4
    assert one.recipe(plain).techniques == ()
    assert one.recipe(dropped) == jr.Dropout(0.3) + jr.EarlyStopping(4)


def test_off_in_the_shared_program_is_the_plain_network(binary, held_out):
    one = space(["Dropout", "L1", "L2", "Mixup", "EMA", "MaxNorm"])
    recipes = {"plain": jr.Recipe(), "off": one.in_program({})}
    assert len(recipes["off"].techniques) == 6
    study = jr.compare(
        dense_net(), binary, recipes, validation=held_out, seeds=1, epochs=5, progress=False
    )
    plain, off = (r.curves[:, :4] for r in study.results)
    np.testing.assert_allclose(off, plain, rtol=1e-4, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 6))
def test_there_are_no_more_structures_than_pay(seed, most):
    one = space(COCKTAIL)
    points = ask(one, [], 12, "random", (seed,))
    kept = within(one, points, [], most)
    structures = {one.structure(point) for point in kept}
    assert len(structures) == min(most, len({one.structure(p) for p in points}))
    ours = {name for name in COCKTAIL if name not in ("width", "depth")}
    for before, after in zip(points, kept, strict=True):
        for name in ("learning_rate", "Dropout.rate", "L2.strength"):
            assert before.get(name) == after.get(name), ours
        assert one.admitted(after) == after


@given(st.integers(1, 10_000), st.floats(1e-4, 100))
def test_the_number_of_programs_is_bounded_and_grows_with_the_trainings(trainings, seconds):
    now, later = (programs_that_pay(n, seconds) for n in (trainings, trainings + 50))
    assert FEWEST <= now <= later <= MOST


def test_hidden_layers_halve():
    assert hidden_units(128, 2) == (128, 64)
    assert hidden_units(8, 3) == (8, 4, 4)


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_sampler_knows_no_more_than_it_is_told(sampler):
    one = space(COCKTAIL)
    told = ask(one, [], 20, "random", (0,))
    a, b = (ask(one, told, 6, sampler, (3, 1)) for _ in range(2))
    assert a == b
    assert a != ask(one, told, 6, sampler, (4, 1))
    assert (a != ask(one, told[::-1], 6, sampler, (3, 1))) == (sampler == "tpe")
    assert all(one.admitted(point) == point for point in a)


def test_tpe_goes_where_the_best_are():
    one = space({"L2": True, "L2.strength": (1e-6, 1e-1)})
    told = sorted(
        ask(one, [], 30, "random", (0,)), key=lambda p: abs(np.log10(p["L2.strength"]) + 3)
    )
    asked = [np.log10(p["L2.strength"]) for p in ask(one, told, 12, "tpe", (1,))]
    assert np.median(np.abs(np.array(asked) + 3)) < 1


def test_starts_are_points_of_the_space_and_the_plain_one_is_first():
    names = ["Dropout", "L2", "L1", "WeightDecay", "Mixup", "EMA", "WarmRestarts", "BatchNorm"]
    sizes = {"width": [32, 64, 128, 256, 512], "depth": [1, 2, 3], "learning_rate": (3e-4, 1e-2)}
    full = space({**sizes, **dict.fromkeys([*names, "LabelSmoothing", "EarlyStopping"])})
    points = starts_for(full, EPOCHS, 1e-3)
    assert len(points) == len(STARTS)
    assert full.recipe(points[0]).techniques == ()
    assert points[0]["learning_rate"] == 1e-3
    narrow = starts_for(space(["L2"]), EPOCHS, 1e-3)
    assert all(set(point) <= {"L2.strength"} for point in narrow)
    assert len({str(point) for point in narrow}) == len(narrow)


@pytest.mark.parametrize("count", [0, 1, 256, 257, 5000])
def test_a_sampler_is_told_of_the_best_and_of_others_evenly(count):
    told = [{"L2.strength": float(i)} for i in range(count)]
    kept = [int(point["L2.strength"]) for point in _thinned(told)]
    assert len(kept) == min(count, 256)
    assert kept == sorted(set(kept))
    assert kept[:64] == list(range(min(count, 64)))
    if count > 256:
        assert kept[-1] == count - 1
        gaps = np.diff(kept[64:])
        assert gaps.max() - gaps.min() <= 1
