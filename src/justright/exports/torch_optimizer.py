"""A Keras optimizer as one of PyTorch."""

from __future__ import annotations

from typing import Any

from justright.errors import ModelError
from justright.exports.source import Source, call, listed, literal, rendered
from justright.exports.training import Training
from justright.regularizers import WeightDecay

_OPTIMIZERS = ("Adam", "AdamW", "SGD", "RMSprop")
_UNWRITTEN = (
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "use_ema",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)


def torch_optimizer(training: Training) -> list[str]:
    """The lines that make a training's optimizer, from `model` and `kernels`.

    Raises:
        ModelError: an optimizer, or a setting of one, that is not written.
    """
    optimizer = training.optimizer
    config, kind = optimizer.get_config(), type(optimizer).__name__
    unwritten = [key for key in _UNWRITTEN if config.get(key)]
    if kind not in _OPTIMIZERS or unwritten or isinstance(config["learning_rate"], dict):
        what = unwritten[0] if unwritten else "a schedule of its own" if kind in _OPTIMIZERS else ""
        raise ModelError(
            f"The optimizer {kind}{f' with {what}' if what else ''} is not written for PyTorch. "
            f"{', '.join(_OPTIMIZERS)} with a number as the learning rate are."
        )
    decay = float(config.get("weight_decay") or 0.0)
    weights: Source = "model.parameters()"
    lines = []
    if training.find(WeightDecay) and decay and kind in ("Adam", "AdamW"):
        lines = ["    others = [p for p in model.parameters() if all(p is not w for w in kernels)]"]
        pair = [
            f'{{"params": kernels, "weight_decay": {decay!r}}}',
            '{"params": others, "weight_decay": 0.0}',
        ]
        weights = listed(pair)
    elif training.find(WeightDecay) and decay:
        raise ModelError("WeightDecay is written for PyTorch with Adam and AdamW.")
    named = _settings(kind, config)
    if decay and kind in ("Adam", "AdamW"):
        kind = "AdamW"  # Keras' decay is apart from the gradient, as AdamW's is.
        if isinstance(weights, str):
            named["weight_decay"] = literal(decay)
    elif decay:
        raise ModelError(f"The optimizer {kind} with weight_decay is not written for PyTorch.")
    elif kind == "AdamW":
        kind = "Adam"
    made = call(f"torch.optim.{kind}", weights, **named)
    return [*lines, rendered(made, "optimizer = ", "", 1)]


def _settings(kind: str, config: dict[str, Any]) -> dict[str, Source]:
    named = {"lr": literal(float(config["learning_rate"]))}
    if kind in ("Adam", "AdamW"):
        betas = float(config["beta_1"]), float(config["beta_2"])
        if betas != (0.9, 0.999):
            named["betas"] = literal(betas)
        named["eps"] = literal(float(config["epsilon"]))
        if config["amsgrad"]:
            named["amsgrad"] = "True"
        return named
    if kind == "RMSprop":
        named |= {
            "alpha": literal(float(config["rho"])),
            "eps": literal(float(config["epsilon"])),
        }
        if config["centered"]:
            named["centered"] = "True"
    if config["momentum"]:
        named["momentum"] = literal(float(config["momentum"]))
    if config.get("nesterov"):
        named["nesterov"] = "True"
    return named
