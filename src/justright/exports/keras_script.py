"""A training as a Keras script that stands alone."""

from __future__ import annotations

import math

import keras

from justright.errors import RecipeError
from justright.exports.layer_source import source_of
from justright.exports.loading_source import constants, heading, loading
from justright.exports.network_source import network_source
from justright.exports.source import Source, call, comment, listed, literal, rendered
from justright.exports.training import Training
from justright.regularizers import (
    EMA,
    L1,
    L2,
    AlphaDropout,
    BatchNorm,
    Dropout,
    EarlyStopping,
    ElasticNet,
    GaussianDropout,
    GaussianNoise,
    GradientClipping,
    LabelSmoothing,
    LayerNorm,
    MaxNorm,
    RandomFlip,
    RandomRotation,
    RandomShift,
    SkipConnections,
    SpatialDropout,
    UnitNorm,
    WarmRestarts,
    WeightDecay,
)
from justright.regularizers.technique import Technique

KNOWN: dict[type[Technique], str] = {
    AlphaDropout: "keras.layers.AlphaDropout",
    BatchNorm: "keras.layers.BatchNormalization",
    Dropout: "keras.layers.Dropout",
    EMA: "use_ema of the optimizer, without bias correction, and keras.callbacks.SwapEMAWeights",
    EarlyStopping: "keras.callbacks.EarlyStopping",
    ElasticNet: "keras.regularizers.L1L2, without exact zeros",
    GaussianDropout: "keras.layers.GaussianDropout",
    GaussianNoise: "keras.layers.GaussianNoise",
    GradientClipping: "global_clipnorm of the optimizer",
    L1: "keras.regularizers.L1, without exact zeros",
    L2: "keras.regularizers.L2",
    LabelSmoothing: "label_smoothing of the loss",
    LayerNorm: "keras.layers.LayerNormalization",
    MaxNorm: "keras.constraints.MaxNorm",
    RandomFlip: "keras.layers.RandomFlip, of probability 0.5",
    RandomRotation: "keras.layers.RandomRotation",
    RandomShift: "keras.layers.RandomTranslation",
    SkipConnections: "keras.layers.Add",
    SpatialDropout: "keras.layers.SpatialDropout1D to 3D",
    UnitNorm: "keras.constraints.UnitNorm, MinMaxNorm",
    WarmRestarts: "keras.optimizers.schedules.CosineDecayRestarts",
    WeightDecay: "weight_decay of the optimizer",
}
"""Techniques that standard Keras has, and where."""

_HEAD = """import argparse
import os

# The study ran on JAX; Keras on "torch" or "tensorflow" trains the same network.
os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
"""

_MAIN = '''def main():
    """Train, and print the figures of each part from the weights that are kept."""
    parser = argparse.ArgumentParser(description="Train the network.")
    parser.add_argument("rows", nargs="?", default=ROWS, help="an .npz file")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()

    keras.utils.set_random_seed(given.seed)
    rows = load(given.rows)
    model = build()
    compile_for_training(model)
    model.fit(
        *rows["train"],
        validation_data=rows["val"],
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,{options}
        verbose=2,
    )
    for part, (X, y) in rows.items():
        found = model.evaluate(X, y, batch_size=1024, verbose=0, return_dict=True)
        loss, metric = found["data_loss"], found[METRIC]
        print(f"{{part}}: loss {{loss:.4f}}, {words} {{metric:.4f}}")


if __name__ == "__main__":
    main()
'''

_TARGETS = {
    "binary": 'y.astype("float32").reshape(len(y), -1)',
    "sparse": "y",
}


def keras_script(training: Training) -> str:
    """A script that trains what the trial did, in standard parts of Keras.

    Args:
        training: of a recipe of techniques that are `KNOWN`.

    Raises:
        RecipeError: a setting of a technique that Keras has no standard part for.
        ModelError: a layer, an optimizer or a loss that is not Keras' own.
    """
    metric = training.objective.metric_name
    sections = [
        heading(training, "Keras") + "\n" + _HEAD,
        "\n".join([*constants(training), f"METRIC = {literal(metric)}"]),
        "\n" + loading(training, _targets(training), 'X.astype("float32")'),
        "\n" + _building(training),
        "\n" + _compiling(training),
        "\n" + _MAIN.format(options=_options(training), words=metric.replace("_", " ")),
    ]
    return "\n".join(
        f"{section}" if section.endswith("\n") else f"{section}\n" for section in sections
    )


def _targets(training: Training) -> str:
    if training.loss == "sparse" and training.smoothing:
        return f'np.eye({training.outputs}, dtype="float32")[y]'
    return _TARGETS.get(training.loss, 'y.astype("float32")')


def _building(training: Training) -> str:
    lines = ["def build():", '    """The network, with what the recipe puts into it."""']
    if training.find(L1) or training.find(ElasticNet):
        said = (
            "Keras' L1 follows the subgradient: weights become small, where justright's "
            "proximal steps make them exactly zero."
        )
        lines.append(comment(said, 1))
    return "\n".join([*lines, network_source(training.model, _augmentation(training))])


def _augmentation(training: Training) -> list[Source]:
    """Layers that change images while training and rest at prediction."""
    layers: list[Source] = []
    for one in training.recipe.techniques:
        if isinstance(one, RandomFlip):
            if one.probability != 0.5:
                raise RecipeError(
                    f"RandomFlip({one.probability:g}): Keras' layer flips with a probability of "
                    "0.5 and no other. A script for PyTorch is written for any."
                )
            layers.append(_image("RandomFlip", one.data_format, literal(one.mode)))
        elif isinstance(one, RandomShift):
            factor = literal(float(one.factor))
            layers.append(_image("RandomTranslation", one.data_format, factor, factor))
        elif isinstance(one, RandomRotation):
            layers.append(_image("RandomRotation", one.data_format, literal(float(one.factor))))
    return layers


def _image(name: str, data_format: str, *items: Source) -> Source:
    named = {} if data_format == "channels_last" else {"data_format": literal(data_format)}
    return call(f"keras.layers.{name}", *items, **named)


def _compiling(training: Training) -> str:
    lines = [
        "def compile_for_training(model):",
        '    """Give a model its loss, its optimizer, and what is told of each epoch."""',
        *_optimizer(training),
    ]
    if training.find(WeightDecay):
        lines += [
            comment("Biases and batch normalization's scales are not decayed.", 1),
            '    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])',
        ]
    lines.append(
        comment(
            "Keras' loss includes the penalties (and smoothed targets); data_loss is that of the "
            "data alone, by which networks compare.",
            1,
        )
    )
    compiling = call(
        "model.compile",
        optimizer="optimizer",
        loss=_loss(training, smoothed=True),
        metrics=listed([_loss(training, metric=True), _metric(training)]),
    )
    return "\n".join([*lines, rendered(compiling, indent=1)])


def _optimizer(training: Training) -> list[str]:
    optimizer, changes, lines = training.optimizer, {}, []
    clipping, restarts = training.find(GradientClipping), training.find(WarmRestarts)
    if clipping and not math.isinf(clipping.max_norm):
        config = optimizer.get_config()
        if any(config.get(key) for key in ("clipnorm", "clipvalue", "global_clipnorm")):
            raise RecipeError(
                "GradientClipping stands beside an optimizer that clips by itself, and Keras does "
                "one of both. Take one out."
            )
        changes["global_clipnorm"] = float(clipping.max_norm)
    if average := training.find(EMA):
        changes |= {"use_ema": True, "ema_momentum": float(average.decay)}
    if restarts and not math.isinf(restarts.period):
        steps = int(restarts.period) * training.steps_per_epoch
        schedule = keras.optimizers.schedules.CosineDecayRestarts(
            float(optimizer.learning_rate), steps, t_mul=float(restarts.multiplier)
        )
        changes["learning_rate"] = keras.optimizers.schedules.serialize(schedule)
        said = (
            f"{int(restarts.period)} epochs of {training.steps_per_epoch} steps to the first "
            "restart."
        )
        lines.append(comment(said, 1))
    return [*lines, rendered(source_of(optimizer, **changes), "optimizer = ", "", 1)]


def _loss(training: Training, smoothed: bool = False, metric: bool = False) -> Source:
    smoothing = training.smoothing
    names = {
        "binary": "BinaryCrossentropy",
        "categorical": "CategoricalCrossentropy",
        "sparse": "CategoricalCrossentropy" if smoothing else "SparseCategoricalCrossentropy",
        "mean_squared_error": "MeanSquaredError",
        "mean_absolute_error": "MeanAbsoluteError",
    }
    named: dict[str, Source] = {}
    if metric:
        named["name"] = literal("data_loss")
    if training.objective.from_logits and names[training.loss].endswith("entropy"):
        named["from_logits"] = "True"
    if smoothed and smoothing:
        named["label_smoothing"] = literal(smoothing)
    return call(f"keras.{'metrics' if metric else 'losses'}.{names[training.loss]}", **named)


def _metric(training: Training) -> Source:
    name = training.objective.metric_name
    named = {"name": literal(name)}
    if name != "accuracy":
        kind = "MeanAbsoluteError" if name == "mean_absolute_error" else "MeanSquaredError"
        return call(f"keras.metrics.{kind}", **named)
    if training.loss == "binary" or training.objective.kind != "categorical":
        boundary = {"threshold": "0.0"} if training.objective.from_logits else {}
        return call("keras.metrics.BinaryAccuracy", **named, **boundary)
    sparse = training.loss == "sparse" and not training.smoothing
    return call(
        f"keras.metrics.{'SparseCategorical' if sparse else 'Categorical'}Accuracy", **named
    )


def _options(training: Training) -> str:
    """Further arguments of `fit`."""
    lines = [] if training.shuffle else ["shuffle=False,"]
    callbacks: list[Source] = []
    if training.find(EMA):
        # Before early stopping, which then keeps averaged weights.
        callbacks.append(call("keras.callbacks.SwapEMAWeights", swap_on_epoch="True"))
    stopping = training.find(EarlyStopping)
    if stopping and not math.isinf(stopping.patience):
        by_loss = stopping.monitor == "val_loss"
        watched = "data_loss" if by_loss else training.objective.metric_name
        better = "max" if training.objective.higher_is_better and not by_loss else "min"
        named: dict[str, Source] = {
            "monitor": literal(f"val_{watched}"),
            "mode": literal(better),
            "patience": literal(int(stopping.patience)),
        }
        if stopping.min_delta:
            named["min_delta"] = literal(float(stopping.min_delta))
        if stopping.start_from_epoch:
            named["start_from_epoch"] = literal(int(stopping.start_from_epoch))
        if stopping.restore_best:
            named["restore_best_weights"] = "True"
        callbacks.append(call("keras.callbacks.EarlyStopping", **named))
    if callbacks:
        lines.append(rendered(listed(callbacks), "callbacks=", ",", 2).strip())
    return "".join(f"\n        {line}" for line in lines)
