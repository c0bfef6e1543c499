"""What a recipe cannot mean on a network is refused, with the way out."""

import keras
import pytest

import justright as jr
from conftest import dense_net
from justright.network.blueprint import Blueprint
from justright.network.network import Network

L = keras.layers
NAMES = ("first", "second")


def three_layers():
    hidden = [L.Dense(4, "relu", name=name) for name in NAMES]
    return keras.Sequential([keras.Input((5,)), *hidden, L.Dense(1, name="out")])


def tokens():
    layers = [L.SpatialDropout1D(0.0), L.LSTM(4, name="first"), L.Dense(1, name="out")]
    return keras.Sequential([keras.Input((7,)), L.Embedding(20, 3, name="words"), *layers])


def on(model, *techniques):
    return Network(Blueprint.of(model, model.input_shape[1:]), jr.Recipe(*techniques))


@pytest.mark.parametrize(
    ("technique", "message"),
    [
        (jr.Dropout({"hidden": 0.5, "first": 0.2}), "'first' that never acts, because 'hidden'"),
        (jr.L2({"*s*": 0.1, "first": 0.2, "second": 0}), "'first' that never acts, because"),
        (jr.Dropout({"hidden": 0.5, "out": 0.2}), "'out', where Dropout cannot act: .*first"),
        (jr.Dropout({"hidden": 0.5, "output": 0.2}), "acts at input and hidden"),
        (jr.L2({"hidden": 0.5, "input": 0.2}), "acts at hidden and output"),
        (jr.ElasticNet(0.1, {"hidden": 0.5, "input": 0.2}), r"ElasticNet\.l2 has .*'input'"),
        (jr.Dropout({"output": 0.5}), r"Dropout\.rate finds nowhere to act"),
    ],
)
def test_a_number_that_no_layer_gets_is_refused(technique, message):
    with pytest.raises(jr.RecipeError, match=message):
        on(three_layers(), technique)


@pytest.mark.parametrize(
    "technique",
    [
        jr.Dropout({"first": 0.2, "hidden": 0.5}),
        jr.Dropout({"input": 0.2, "first": 0.5, "second": 0.4, "hidden": 0.3}),
        jr.L2({"f*": 0.1, "*s*": 0.2, "output": 0.0}),
    ],
)
def test_a_word_for_the_rest_may_find_none_left(technique):
    on(three_layers(), technique)


@pytest.mark.parametrize(
    "technique",
    [
        jr.Mixup(0.2),
        jr.ManifoldMixup(2.0),
        jr.AdversarialTraining(0.1),
        jr.JacobianPenalty(0.1),
        jr.GaussianNoise({"input": 0.1}),
        jr.Dropout({"input": 0.1, "hidden": 0.5}),
    ],
    ids=lambda one: type(one).__name__,
)
def test_token_numbers_are_no_quantities(technique):
    with pytest.raises(jr.RecipeError, match="reckons with the inputs, and the layer 'words'"):
        on(tokens(), technique)
    on(dense_net(), technique)


@pytest.mark.parametrize(
    "technique",
    [
        jr.Dropout(0.5),
        jr.GaussianNoise({"hidden": 0.1}),
        jr.ManifoldMixup(2.0, with_input=False),
        jr.FeatureMasking(0.2),
        jr.CutMix(1.0),
    ],
    ids=lambda one: type(one).__name__,
)
def test_tokens_may_be_exchanged_and_hidden_layers_may_be_disturbed(technique):
    on(tokens(), technique)
