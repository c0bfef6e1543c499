"""A training as a PyTorch script that stands alone."""

from __future__ import annotations

from justright.errors import ModelError
from justright.exports.loading_source import constants, heading, loading
from justright.exports.source import call, rendered
from justright.exports.torch_layers import Modules, initial, torch_modules
from justright.exports.torch_loop import backward, kinds, loss_of, training_loop
from justright.exports.torch_parts import Parts, parts_of, stopping
from justright.exports.training import Training
from justright.regularizers import (
    EMA,
    L1,
    L2,
    SAM,
    SWA,
    AlphaDropout,
    BatchNorm,
    DropConnect,
    Dropout,
    EarlyStopping,
    ElasticNet,
    FeatureMasking,
    GaussianDropout,
    GaussianNoise,
    GradientClipping,
    GradientNoise,
    LabelSmoothing,
    LayerNorm,
    MaxNorm,
    Mixup,
    RandomFlip,
    SpatialDropout,
    UnitNorm,
    WarmRestarts,
    WeightDecay,
    WeightNoise,
)
from justright.regularizers.technique import Technique

_MODULE, _LOOP = "a short module", "lines of the loop"
KNOWN: dict[type[Technique], str] = {
    AlphaDropout: "nn.AlphaDropout",
    BatchNorm: "nn.BatchNorm1d, nn.BatchNorm2d",
    DropConnect: _MODULE,
    Dropout: "nn.Dropout",
    EMA: "torch.optim.swa_utils.AveragedModel",
    EarlyStopping: _LOOP,
    ElasticNet: "a term of the loss, and proximal steps",
    FeatureMasking: _LOOP,
    GaussianDropout: _MODULE,
    GaussianNoise: _MODULE,
    GradientClipping: "nn.utils.clip_grad_norm_",
    GradientNoise: _LOOP,
    L1: "proximal steps, with exact zeros",
    L2: "a term of the loss",
    LabelSmoothing: "label_smoothing of the loss",
    LayerNorm: "nn.LayerNorm",
    MaxNorm: "torch.renorm after each step",
    Mixup: _LOOP,
    RandomFlip: _LOOP,
    SAM: _LOOP,
    SWA: "torch.optim.swa_utils.AveragedModel",
    SpatialDropout: "nn.Dropout1d, nn.Dropout2d",
    UnitNorm: "a projection after each step",
    WarmRestarts: "CosineAnnealingWarmRestarts",
    WeightDecay: "torch.optim.AdamW",
    WeightNoise: _MODULE,
}
"""Techniques that the script has, and as what."""

_MAIN = '''def main():
    """Train, and print the figures of each part from the weights that are kept."""
    parser = argparse.ArgumentParser(description="Train the network.")
    parser.add_argument("rows", nargs="?", default=ROWS, help="an .npz file")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()

    rows = load(given.rows)
    model = train(rows, given.seed)
    for part, (X, y) in rows.items():
        loss, metric = figures(model, X, y)
        print(f"{{part}}: loss {{loss:.4f}}, {words} {{metric:.4f}}")


if __name__ == "__main__":
    main()
'''


def torch_script(training: Training) -> str:
    """A script that trains what the trial did, in PyTorch.

    Raises:
        RecipeError: a technique, a setting or an order that is not written.
        ModelError: a layer, an optimizer or a loss that is not.
    """
    made = torch_modules(training)
    parts = parts_of(training, made)
    twice = [backward(training, parts)] if parts.sharp else []
    inputs = "torch.tensor(X, dtype=torch.float32)"
    if made.channels_moved:
        inputs += ".movedim(-1, 1)"
    words = training.objective.metric_name.replace("_", " ")
    sections = [
        heading(training, "PyTorch") + "\n" + _imports(training),
        "\n".join([*constants(training), *parts.constants]),
        *_spaced(list(made.definitions.values())),
        *_spaced([loading(training, _targets(training, parts), inputs), _building(training, made)]),
        *_spaced([*parts.definitions, *twice]),
        *_spaced([_figures(training, made), training_loop(training, made, parts)]),
        "\n" + _MAIN.format(words=words),
    ]
    return "\n".join(section.rstrip("\n") + "\n" for section in sections)


def _spaced(definitions: list[str]) -> list[str]:
    return [f"\n{text}" for text in definitions]


def _imports(training: Training) -> str:
    standard = ["import argparse"]
    if rule := stopping(training):
        standard += [*(["import copy"] if rule.restore_best else []), "import math"]
    lines = [*standard, "", "import numpy as np", "import torch", "from torch import nn"]
    return "\n".join(lines) + "\n"


def _targets(training: Training, parts: Parts) -> str:
    if training.loss == "sparse" and parts.soft:
        return f"torch.tensor(np.eye({training.outputs})[y], dtype=torch.float32)"
    if training.loss == "sparse":
        return "torch.tensor(y)"
    target = "torch.tensor(y, dtype=torch.float32)"
    return f"{target}.reshape(len(y), -1)"


def _building(training: Training, made: Modules) -> str:
    lines = [
        "def build():",
        '    """The network, from initial weights that are drawn as Keras draws them."""',
        rendered(call("nn.Sequential", *made.modules), "model = ", "", 1),
        "    for layer in model:",
        f"        if isinstance(layer, {kinds(made)}):",
        f"            {initial(made.kernels)}",
    ]
    biased = [layer.use_bias for layer in made.kernels]
    if all(biased):
        lines.append("            nn.init.zeros_(layer.bias)")
    elif any(biased):
        lines += [
            "            if layer.bias is not None:",
            "                nn.init.zeros_(layer.bias)",
        ]
    return "\n".join([*lines, "    return model"])


def _figures(training: Training, made: Modules) -> str:
    return "\n".join(
        [
            "@torch.no_grad()",
            "def figures(model, X, y):",
            '    """Loss of the data alone and metric, all noise off."""',
            "    model.train(False)",
            "    outputs = model(X)",
            f"    loss = {loss_of(training, 'outputs', 'y', smoothed=False)}",
            f"    metric = {_metric(training, made)}",
            "    return loss.item(), metric.item()",
        ]
    )


def _metric(training: Training, made: Modules) -> str:
    name, objective = training.objective.metric_name, training.objective
    if name != "accuracy":
        if made.logits and objective.kind != "regression":
            raise ModelError(
                f"The metric {name} of classes is not written for PyTorch. Use accuracy."
            )
        return (
            "(outputs - y).abs().mean()" if "absolute" in name else "(outputs - y).square().mean()"
        )
    if objective.kind != "categorical":
        boundary = "0" if made.logits else "0.5"
        return f"((outputs > {boundary}) == (y > 0.5)).float().mean()"
    soft = training.loss != "sparse" or any(hasattr(t, "alpha") for t in training.recipe.techniques)
    return f"(outputs.argmax(1) == {'y.argmax(1)' if soft else 'y'}).float().mean()"
