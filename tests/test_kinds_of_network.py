"""Techniques on dense, convolutional and recurrent networks, for classes and for numbers.

Each of them works or says why it does not.
"""

import keras
import numpy as np
import pytest

import justright as jr
from justright.regularizers import TECHNIQUES
from justright.regularizers.catalog import entry_of
from test_laws import ON_IMAGES, TABLE

L = keras.layers
ROWS = {"dense": (6,), "conv1d": (6, 2), "conv2d": (6, 6, 1), "lstm": (6, 2), "gru": (6, 2)}
HIDDEN = {
    "dense": lambda: [L.Dense(4, activation="relu", name="first")],
    "conv1d": lambda: [L.Conv1D(4, 3, activation="relu", name="first"), L.Flatten()],
    "conv2d": lambda: [L.Conv2D(4, 3, activation="relu", name="first"), L.Flatten()],
    "lstm": lambda: [L.LSTM(4, name="first")],
    "gru": lambda: [L.GRU(4, name="first")],
}
FOR_CLASSES = {jr.LabelSmoothing, jr.ConfidencePenalty}

# What a technique says where it cannot act. Add a row for one that refuses a kind of network.
REFUSALS = {
    **{(kind, network): "is for images" for kind in ON_IMAGES for network in ROWS},
    **{(jr.DropBlock, network): "finds nowhere to act" for network in ROWS},
}
REFUSALS = {pair: said for pair, said in REFUSALS.items() if pair[1] != "conv2d"}
CASES = [(network, target) for network in ROWS for target in ("classes", "numbers")]


def model_of(network, target):
    last = "sigmoid" if target == "classes" else None
    layers = [*HIDDEN[network](), L.Dense(3, activation="relu", name="second")]
    return keras.Sequential(
        [keras.Input(ROWS[network]), *layers, L.Dense(1, activation=last, name="out")]
    )


def rows_of(network, target):
    X = np.random.default_rng(0).normal(size=(32, *ROWS[network])).astype(np.float32)
    sums = X.reshape(len(X), -1).sum(axis=1)
    return X, (sums > 0).astype(int) if target == "classes" else sums


def train(network, target, *techniques):
    rows = rows_of(network, target)
    return jr.compare(
        model_of(network, target),
        rows,
        {"it": jr.Recipe(*techniques)},
        validation=rows,
        seeds=1,
        epochs=2,
        batch_size=16,
    )


def refusal(kind, network, target):
    """What it says, or None where it is to work."""
    if target == "numbers" and kind in FOR_CLASSES:
        return "numbers"
    return REFUSALS.get((kind, network))


def working(network, target):
    """In two recipes: those that need passes of their own compile apart."""
    able = [kind for kind in TECHNIQUES if refusal(kind, network, target) is None]
    slow = [kind for kind in able if entry_of(kind).extra_passes]
    # RDrop needs noise beside it.
    return [kind for kind in able if kind not in slow], [jr.Dropout, *slow]


@pytest.mark.filterwarnings("ignore:Keras holds one constraint a kernel")
@pytest.mark.parametrize("part", [0, 1], ids=["one pass", "more passes"])
@pytest.mark.parametrize(("network", "target"), CASES)
def test_a_technique_that_does_not_refuse_trains(network, target, part):
    kinds = working(network, target)[part]
    study = train(network, target, *(TABLE[kind][0] for kind in kinds))
    figures = study.curves.select_dtypes("number")
    assert np.isfinite(figures).all().all(), (
        f"One of {', '.join(kind.__name__ for kind in kinds)} is not for {network} with {target}: "
        "have it raise a RecipeError that says why, and add it to REFUSALS."
    )
    assert np.isfinite(study.model("it")(rows_of(network, target)[0])).all()


REFUSED = [
    pytest.param(kind, network, target, id=f"{kind.__name__}-{network}-{target}")
    for network, target in CASES
    for kind in TECHNIQUES
    if refusal(kind, network, target)
]


@pytest.mark.parametrize(("kind", "network", "target"), REFUSED)
def test_a_refusal_names_the_technique_and_says_why(kind, network, target):
    with pytest.raises(jr.RecipeError) as told:
        train(network, target, TABLE[kind][0])
    assert kind.__name__ in str(told.value)
    assert refusal(kind, network, target) in str(told.value)
