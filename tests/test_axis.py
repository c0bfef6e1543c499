"""Strengths that are varied: what a key names, usual values, and what lies beyond a grid."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import justright as jr
from justright.regularizers import TECHNIQUES
from justright.regularizers.axis import Axis, with_values, without
from justright.regularizers.grid import Grid
from justright.regularizers.places import ActsOnLoss
from justright.regularizers.strength import strength
from justright.regularizers.technique import fields_of
from justright.regularizers.text import parse_over
from justright.regularizers.usual import beyond, usual_values, values_of

EVERY = [
    Axis(kind, field.name)
    for kind in TECHNIQUES
    for field in fields_of(kind)
    if "limits" in field.metadata
]
NAMES = [axis.name for axis in EVERY]


@jr.technique
class Pull(jr.Technique, ActsOnLoss):
    """A penalty of a user's own, with a range without an end."""

    amount: float = strength(meaning="an amount")

    def penalty(self, forward):
        return 0.0 * self.amount


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("Dropout.rate", "Dropout.rate"),
        ("Dropout", "Dropout.rate"),
        ("dropout", "Dropout.rate"),
        (" early-stopping ", "EarlyStopping.patience"),
        ("elastic_net.l1", "ElasticNet.l1"),
        ("L2.strength[hidden]", "L2.strength[hidden]"),
        ("l2[out*]", "L2.strength[out*]"),
    ],
)
def test_a_key_names_a_strength_as_python_or_the_command_line_do(key, name):
    axis = Axis.of(key, jr.Recipe())
    assert axis.name == name
    assert Axis.of(axis.key, jr.Recipe()) == axis


@pytest.mark.parametrize("axis", EVERY, ids=NAMES)
def test_both_spellings_of_every_strength_name_it(axis):
    assert Axis.of(axis.name, jr.Recipe()) == Axis.of(axis.key, jr.Recipe()) == axis


@pytest.mark.parametrize(
    ("key", "base", "said"),
    [
        ("droput", None, "Did you mean Dropout?"),
        ("ElasticNet", None, "Name one: ElasticNet.l1, ElasticNet.l2"),
        ("Dropout.strength", None, "Known: Dropout.rate"),
        ("BatchNorm", None, "it is there or it is not"),
        ("a.b.c", None, "names no strength"),
        ("L2", jr.L2({"hidden": 1e-3, "output": 0.1}), "L2.strength[hidden], L2.strength[output]"),
        ("EarlyStopping[hidden]", None, "does not differ by layer"),
    ],
)
def test_what_names_no_strength_is_refused_with_the_mend(key, base, said):
    with pytest.raises(jr.RecipeError) as caught:
        Axis.of(key, jr.Recipe(*([base] if base else [])))
    assert said in str(caught.value)


def test_values_take_the_place_of_the_bases_or_stand_behind_them():
    base = jr.L2(0.1) + jr.EarlyStopping(5)
    axes = [Axis.of(key, base) for key in ("dropout", "early_stopping")]
    found = with_values(base, axes, (0.3, 7.0))
    assert found == jr.L2(0.1) + jr.EarlyStopping(7) + jr.Dropout(0.3)
    assert isinstance(found.techniques[1].patience, int)


def test_one_layers_strength_is_varied_and_the_others_stay():
    base = jr.Recipe(jr.L2({"hidden": 1e-3, "output": 1e-2}))
    axis = Axis.of("l2[output]", base)
    assert with_values(base, [axis], (0.5,)) == jr.Recipe(jr.L2({"hidden": 1e-3, "output": 0.5}))
    new = Axis.of("dropout[input]", jr.Recipe())
    assert with_values(jr.Recipe(), [new], (0.2,)) == jr.Recipe(jr.Dropout({"input": 0.2}))
    both = [new, Axis.of("dropout[hidden]", jr.Recipe())]
    rates = with_values(jr.Recipe(), both, (0.2, 0.5)).techniques[0].rate
    assert dict(zip(rates.patterns, rates.values, strict=True)) == {"input": 0.2, "hidden": 0.5}


def test_a_technique_that_lacks_a_strength_is_refused():
    with pytest.raises(jr.RecipeError, match=r"ElasticNet\.l2 has no value"):
        with_values(jr.Recipe(), [Axis.of("elastic_net.l1", jr.Recipe())], (0.1,))


def test_what_is_off_is_left_out_of_the_recipe():
    axes = [Axis.of(key, jr.Recipe()) for key in ("dropout", "max_norm", "l2")]
    values = (0.0, math.inf, 0.1)
    recipe = with_values(jr.Recipe(), axes, values)
    assert without(recipe, axes, values) == jr.Recipe(jr.L2(0.1))


@pytest.mark.parametrize("axis", EVERY, ids=NAMES)
def test_usual_values_are_valid_distinct_and_not_neutral(axis):
    values = usual_values(axis)
    assert 4 <= len(values) <= 9
    assert list(values) == sorted(set(values))
    assert all(axis.checked(value) == value for value in values)
    assert axis.neutral not in values


def test_usual_values_lie_around_what_the_catalog_says():
    assert 1e-3 in usual_values(Axis.of("l2", jr.Recipe()))
    assert 0.99 in usual_values(Axis.of("ema", jr.Recipe()))
    assert 20 in usual_values(Axis.of("early_stopping", jr.Recipe()))
    own = Axis.of("Pull", jr.Recipe(Pull(1.0)))
    with pytest.raises(jr.RecipeError, match="has no usual value"):
        usual_values(own)
    assert values_of(own, [2, 1], zero=True) == (0, 1, 2)


@pytest.mark.parametrize("axis", EVERY, ids=NAMES)
@pytest.mark.parametrize("end", ["low", "high"])
def test_beyond_an_end_lies_a_valid_value_or_nothing(axis, end):
    values = list(usual_values(axis))
    for _ in range(12):
        found = beyond(axis, values, end)
        if found is None:
            last = max(values) if end == "high" else min(values)
            limit = axis.limits.high if end == "high" else axis.limits.low
            close = 2e-3 * abs(axis.limits.high - axis.limits.low)
            near_neutral = axis.neutral is not None and abs(last - axis.neutral) <= max(1.0, close)
            assert abs(last - limit) <= close or last == limit or near_neutral
            return
        assert axis.checked(found) == found
        assert found > max(values) if end == "high" else found < min(values)
        assert found != axis.neutral
        values.append(found)


def test_nothing_lies_beyond_the_neutral_value():
    assert beyond(Axis.of("dropout", jr.Recipe()), [0.0, 0.2], "low") is None
    assert beyond(Axis.of("max_norm", jr.Recipe()), [1.0, math.inf], "high") is None


@given(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=5, unique=True))
def test_a_grid_goes_on_in_its_own_steps(values):
    found = beyond(Axis.of("l2", jr.Recipe()), values, "high")
    assert 1.4 * max(values) < found < 11 * max(values)


def test_zero_is_always_on_the_grid_unless_it_is_refused():
    axis, patience = Axis.of("l2", jr.Recipe()), Axis.of("early_stopping", jr.Recipe())
    assert values_of(axis, [0.1, 0.01, 0.1], zero=True) == (0, 0.01, 0.1)
    assert values_of(axis, [0.1], zero=False) == (0.1,)
    assert values_of(patience, [5], zero=True) == (5, math.inf)
    assert values_of(Axis.of("gradient_noise.gamma", jr.Recipe()), [0.5], zero=True) == (0.5,)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([30], "Did you mean 0.3?"),
        ([], "no values"),
        (0.5, "no list of values"),
        ("0.5", "no list of values"),
        ([jr.Linear(0, 0.5, 5)], "A grid holds numbers"),
        ([{"hidden": 0.5}], r"in the key, as in Dropout.rate[hidden]"),
    ],
)
def test_values_that_are_none_are_refused(values, said):
    with pytest.raises(jr.RecipeError) as caught:
        values_of(Axis.of("dropout", jr.Recipe()), values, zero=False)
    assert said in str(caught.value)


def test_a_grid_is_every_combination_and_knows_where_nothing_acts():
    over = {"Dropout.rate": [0.2], "EarlyStopping": [5, 3]}
    grid = Grid.of(over, jr.Recipe(), zero=True)
    assert [point.name for point in grid.points] == [
        f"dropout={rate},early_stopping={patience}"
        for rate in ("0", "0.2")
        for patience in ("3", "5", "inf")
    ]
    off = grid.points[grid.reference]
    assert off.values == (0, math.inf)
    assert grid.is_off(off)
    weakest = Grid.of(over, jr.Recipe(), zero=False)
    assert weakest.points[weakest.reference].values == (0.2, 5)


def test_grids_are_refused_that_vary_nothing_or_one_thing_twice():
    with pytest.raises(jr.RecipeError, match="Nothing to vary"):
        Grid.of({}, jr.Recipe(), zero=True)
    with pytest.raises(jr.RecipeError, match=r"L2\.strength came twice"):
        Grid.of(["L2", "l2"], jr.Recipe(), zero=True)


def test_what_to_vary_as_text():
    assert parse_over(["dropout=0, .5", "l2"]) == {"dropout": [0.0, 0.5], "l2": None}
    assert parse_over(["early_stopping=5,inf"]) == {"early_stopping": [5.0, math.inf]}
    for text, said in (("=1", "nothing to vary"), ("l2=", "nothing to vary"), ("l2=a", "number")):
        with pytest.raises(jr.RecipeError, match=said):
            parse_over([text])
    with pytest.raises(jr.RecipeError, match="twice"):
        parse_over(["l2=1", "l2=2"])
