"""A program that cannot be compiled: the error says because of which technique."""

import jax
import numpy as np
import pytest

import justright as jr
from conftest import signs
from justright.engine.blame import naming, technique_in


def broken(self, forward):
    return forward.weights["hidden_0/kernel"] @ np.ones(7)


@pytest.mark.parametrize("beside", [jr.Recipe(), jr.Dropout(0.2) + jr.EMA(0.9)], ids=str)
def test_the_technique_whose_code_fails_is_named(small_net, monkeypatch, beside):
    monkeypatch.setattr(jr.L2, "penalty", broken)
    rows = signs(0, 40)
    with pytest.raises(jr.RecipeError, match="because of L2: ") as told:
        jr.compare(small_net, rows, {"it": beside + jr.L2(0.1)}, validation=rows, seeds=1, epochs=1)
    assert told.value.__cause__ is not None
    assert technique_in(told.value.__cause__) == "L2"


def test_where_no_code_of_a_technique_ran_all_are_named():
    told = "because of one of Dropout, L2: ValueError: odd"
    with pytest.raises(jr.RecipeError, match=told), naming(jr.Dropout(0.2) + jr.L2(0.1)):
        raise ValueError("odd")
    told = "because of the network or the loss"
    with pytest.raises(jr.RecipeError, match=told), naming(jr.Recipe()):
        raise ValueError("odd")


@pytest.mark.parametrize(
    "error", [jr.DataError("mine"), jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: memory")]
)
def test_own_errors_and_too_little_memory_pass(error):
    with pytest.raises(type(error), match=str(error)), naming(jr.Recipe(jr.L2(0.1))):
        raise error
