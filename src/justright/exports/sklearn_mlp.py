"""scikit-learn's multi-layer perceptron with the settings of a recipe."""

from __future__ import annotations

import math
from typing import Any

import keras

from justright.errors import ModelError, RecipeError
from justright.exports.training import Training
from justright.regularizers import L2, EarlyStopping
from justright.regularizers.technique import Technique

KNOWN: dict[type[Technique], str] = {
    EarlyStopping: "early_stopping, n_iter_no_change and tol",
    L2: "alpha",
}
"""Techniques that scikit-learn's networks have, and as what."""
_ACTIVATIONS = {"linear": "identity", "relu": "relu", "sigmoid": "logistic", "tanh": "tanh"}


def sklearn_mlp(training: Training) -> Any:
    """An unfitted `MLPClassifier` or `MLPRegressor` that trains as the trial did.

    scikit-learn's penalty is α/(2n)·Σw² for the n rows of a batch, and this one's λ·Σw², so
    α = 2λn with n the batch size. Its squared error is halved: α is halved with it, and the
    learning rate of SGD doubled. A last batch that is smaller has a larger penalty there.

    Raises:
        RecipeError: a technique that scikit-learn does not have, or strengths that differ by
            layer.
        ModelError: a network, an optimizer or a loss that it does not have.
    """
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    lacking = [type(t).__name__ for t in training.recipe.techniques if type(t) not in KNOWN]
    if lacking:
        known = " and ".join(kind.__name__ for kind in KNOWN)
        raise RecipeError(
            f"{', '.join(lacking)} has no part in scikit-learn's networks, which have {known}. "
            "Study.script writes more of them, with Keras or PyTorch."
        )
    regression = training.loss == "mean_squared_error" and training.objective.kind == "regression"
    layers = _layers(training, regression)
    half = 2 if regression else 1
    settings = {
        "hidden_layer_sizes": tuple(layer.units for layer in layers[:-1]),
        "activation": _activation(layers[:-1]),
        "alpha": 2 * _strength(layers) * training.batch_size / half,
        "batch_size": training.batch_size,
        "max_iter": training.epochs,
        "shuffle": training.shuffle,
        "random_state": training.seed,
        **_optimizer(training.optimizer, half),
        **_stopping(training),
    }
    return (MLPRegressor if regression else MLPClassifier)(**settings)


def _layers(training: Training, regression: bool) -> list[Any]:
    model = training.model
    idle = (keras.layers.InputLayer, keras.layers.Flatten)
    layers = [x for x in model.layers if not isinstance(x, idle)]
    chain = isinstance(model, keras.Sequential) or all(
        len(keras.tree.flatten(x.input)) == 1 for x in layers
    )
    plain = chain and all(
        type(x) is keras.layers.Dense and x.use_bias and x.kernel_constraint is None for x in layers
    )
    if not plain or len(layers) < 2 or len(training.row_shape) != 1:
        raise ModelError(
            "scikit-learn's networks are dense layers with biases, at least one of them hidden, on "
            'a table. Study.script(framework="keras") writes others.'
        )
    if not regression and training.loss not in ("binary", "categorical", "sparse"):
        raise ModelError(
            f"scikit-learn's networks minimize cross-entropy for classes and the squared error for "
            f"numbers, and the loss here is {training.objective.loss_name}."
        )
    if regression and layers[-1].activation is not keras.activations.linear:
        raise ModelError("scikit-learn's regressor ends without an activation; this network does.")
    return layers


def _activation(hidden: list[Any]) -> str:
    names = {str(getattr(layer.activation, "__name__", "")) for layer in hidden}
    if len(names) > 1 or not names <= _ACTIVATIONS.keys():
        raise ModelError(
            f"scikit-learn's networks have one activation in all hidden layers, of "
            f"{', '.join(_ACTIVATIONS)}. Here: {', '.join(sorted(names))}."
        )
    return _ACTIVATIONS[names.pop()]


def _strength(layers: list[Any]) -> float:
    """λ of the squared weights, the same in all layers."""
    penalties = [layer.kernel_regularizer for layer in layers]
    strengths = {float(getattr(one, "l2", 0.0)) for one in penalties}
    others = any(getattr(one, "l1", 0.0) for one in penalties) or any(
        layer.bias_regularizer or layer.activity_regularizer for layer in layers
    )
    if len(strengths) > 1 or others:
        raise RecipeError(
            "scikit-learn's networks have one L2 strength (alpha) for all kernels, and nothing on "
            "biases or activations."
        )
    return strengths.pop()


def _optimizer(optimizer: Any, half: int) -> dict[str, Any]:
    config, kind = optimizer.get_config(), type(optimizer).__name__
    rate = config["learning_rate"]
    unusual = [k for k in ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "amsgrad")
               if config.get(k)]  # fmt: skip
    if kind not in ("Adam", "SGD") or unusual or isinstance(rate, dict):
        raise ModelError(
            f"scikit-learn's networks have Adam and SGD, with a number as the learning rate and "
            f"without {unusual[0] if unusual else 'schedules'}. Here: {kind}."
        )
    if kind == "Adam":
        return {
            "solver": "adam",
            "learning_rate_init": float(rate),
            "beta_1": float(config["beta_1"]),
            "beta_2": float(config["beta_2"]),
            "epsilon": float(config["epsilon"]) / half,
        }
    return {
        "solver": "sgd",
        "learning_rate_init": float(rate) * half,
        "momentum": float(config["momentum"]),
        "nesterovs_momentum": bool(config["nesterov"]),
    }


def _stopping(training: Training) -> dict[str, Any]:
    """scikit-learn draws validation rows itself, and watches their score."""
    rule = training.find(EarlyStopping)
    if rule is None or math.isinf(rule.patience):
        # Without validation rows it would stop on the training loss.
        return {"early_stopping": False, "n_iter_no_change": training.epochs, "tol": 0.0}
    return {
        "early_stopping": True,
        "n_iter_no_change": int(rule.patience),
        "tol": float(rule.min_delta),
    }
