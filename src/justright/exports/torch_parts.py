"""What techniques are in a PyTorch training: short functions, and the lines that call them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from justright.errors import RecipeError
from justright.exports.source import literal, rendered
from justright.exports.torch_layers import Modules
from justright.exports.training import Training
from justright.regularizers import (
    EMA,
    SAM,
    SWA,
    EarlyStopping,
    FeatureMasking,
    GradientClipping,
    GradientNoise,
    LabelSmoothing,
    Mixup,
    RandomFlip,
    WarmRestarts,
)

_MIXUP = '''def mixup(x, target):
    """Mix each row with another of its batch; the larger share is its own."""
    share = torch.distributions.Beta(MIXUP, MIXUP).sample()
    share = torch.minimum(share, 1 - share)
    partner = torch.randperm(len(x))
    return x + share * (x[partner] - x), target + share * (target[partner] - target)
'''
_MASKING = '''def mask_features(x):
    """Give some features of each row the values that they have in other rows."""
    other = torch.randint(len(x), x.shape)
    return torch.where(torch.rand(x.shape) < FEATURE_MASKING, x.gather(0, other), x)
'''
_FLIP = '''def flip(x):
    """Mirror some of the images."""
{lines}
    return x
'''
_SAM = '''def ascend(parameters):
    """Go to the worst weights nearby, SAM far uphill; the steps, to go back."""
    norm = torch.stack([p.grad.norm() for p in parameters]).norm()
    steps = [SAM / (norm + 1e-12) * p.grad for p in parameters]
    for p, step in zip(parameters, steps):
        p.add_(step)
    return steps
'''
_SHRINK = '''def shrink(optimizer, kernels):
    """Move weights to 0 by L1 times the optimizer's own step; there they stop."""
    group = optimizer.param_groups[0]
    for w, strength in zip(kernels, L1):
{step}
        size = strength * step
        w.sub_(w.clamp(-size, size))
'''
_STEP_OF_ADAM = """        state = optimizer.state[w]
        scale = (1 - group["betas"][1] ** state["step"]) ** 0.5
        step = group["lr"] * scale / (state["exp_avg_sq"].sqrt() + group["eps"])"""
_STEP_OF_SGD = """        step = torch.full_like(w, group["lr"] / (1 - group["momentum"]))"""
_AVERAGE = '''def corrected(average, weights, number):
    """Take weights into an exponential average, in which the initial ones have no part."""
    share = (1 - EMA) / (1 - EMA ** (number + 1))
    return average + share * (weights - average)
'''


@dataclass
class Parts:
    """What goes where in a training.

    Attributes:
        constants: lines at the top.
        definitions: functions.
        batch: lines that change `x` and `target`.
        penalties: terms of the loss, from `kernels`.
        clipping: lines behind each backward pass.
        gradient: lines behind the gradient, before the step.
        update: lines behind the step, without gradients.
        step_end, epoch_end: lines behind a step and an epoch.
        setup: lines before the first epoch.
        predictor: the network that is judged and kept.
        soft: whether targets of classes are probabilities.
        sharp: whether the gradient is taken twice.
    """

    constants: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    batch: list[str] = field(default_factory=list)
    penalties: list[str] = field(default_factory=list)
    clipping: list[str] = field(default_factory=list)
    gradient: list[str] = field(default_factory=list)
    update: list[str] = field(default_factory=list)
    step_end: list[str] = field(default_factory=list)
    epoch_end: list[str] = field(default_factory=list)
    setup: list[str] = field(default_factory=list)
    predictor: str = "model"
    soft: bool = False
    sharp: bool = False


def parts_of(training: Training, made: Modules) -> Parts:
    """What a training's recipe puts around its network.

    Raises:
        RecipeError: a setting, or an order of techniques, that is not written.
    """
    parts = Parts()
    parts.sharp = any(isinstance(t, SAM) and t.rho for t in training.recipe.techniques)
    for one in training.recipe.techniques:
        if type(one) in _WRITERS:
            _WRITERS[type(one)](one, parts, training, made)
    _penalties(parts, made, type(training.optimizer).__name__)
    _constraints(parts, made)
    return parts


def _mixup(one: Any, parts: Parts, training: Training, _: Modules) -> None:
    if one.alpha:
        parts.soft = True
        parts.constants.append(f"MIXUP = {one.alpha!r}")
        parts.definitions.append(_MIXUP)
        parts.batch.append("x, target = mixup(x, target)")


def _masking(one: Any, parts: Parts, training: Training, _: Modules) -> None:
    parts.constants.append(f"FEATURE_MASKING = {one.rate!r}")
    parts.definitions.append(_MASKING)
    parts.batch.append("x = mask_features(x)")


def _flip(one: Any, parts: Parts, training: Training, made: Modules) -> None:
    if one.data_format != "channels_last":
        raise RecipeError('RandomFlip(data_format="channels_first") is not written for PyTorch.')
    axes = (
        {"vertical": 2, "horizontal": 3}
        if made.channels_moved
        else {"vertical": 1, "horizontal": 2}
    )
    lines = []
    for name, axis in axes.items():
        if name in one.mode:
            lines.append("    chosen = torch.rand(len(x), 1, 1, 1) < RANDOM_FLIP")
            lines.append(f"    x = torch.where(chosen, x.flip({axis}), x)")
    parts.constants.append(f"RANDOM_FLIP = {one.probability!r}")
    parts.definitions.append(_FLIP.format(lines="\n".join(lines)))
    parts.batch.append("x = flip(x)")


def _smoothing(one: Any, parts: Parts, training: Training, _: Modules) -> None:
    parts.constants.append(f"LABEL_SMOOTHING = {one.smoothing!r}")
    if training.loss == "binary":
        parts.batch.append("target = (1 - LABEL_SMOOTHING) * target + LABEL_SMOOTHING / 2")


def _clipping(one: Any, parts: Parts, training: Training, _: Modules) -> None:
    if math.isinf(one.max_norm):
        return
    parts.constants.append(f"GRADIENT_CLIPPING = {one.max_norm!r}")
    line = "nn.utils.clip_grad_norm_(model.parameters(), GRADIENT_CLIPPING)"
    before_sam = parts.sharp and not any("ascend" in text for text in parts.definitions)
    (parts.clipping if before_sam else parts.gradient).append(line)


def _gradient_noise(one: Any, parts: Parts, training: Training, _: Modules) -> None:
    if parts.sharp and not any("ascend" in text for text in parts.definitions):
        raise RecipeError("GradientNoise is written for PyTorch behind SAM, not before it.")
    parts.constants.append(f"GRADIENT_NOISE = {one.eta!r}")
    parts.setup.append("steps = 0")
    parts.gradient += [
        f"deviation = (GRADIENT_NOISE / (1 + steps) ** {one.gamma!r}) ** 0.5",
        "for p in model.parameters():",
        "    p.grad.add_(deviation * torch.randn_like(p.grad))",
        "steps += 1",
    ]


def _sam(one: Any, parts: Parts, training: Training, _: Modules) -> None:
    if one.rho:
        parts.constants.append(f"SAM = {one.rho!r}")
        parts.definitions.append(_SAM)


def _restarts(one: Any, parts: Parts, training: Training, _: Modules) -> None:
    if math.isinf(one.period):
        return
    if float(one.multiplier) != int(one.multiplier):
        raise RecipeError(
            f"WarmRestarts(multiplier={one.multiplier:g}): PyTorch's cycles grow by whole numbers."
        )
    steps = f"{int(one.period)} * {training.steps_per_epoch}"
    parts.setup += [
        f"# {int(one.period)} epochs of {training.steps_per_epoch} steps to the first restart.",
        "scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(",
        f"    optimizer, {steps}, T_mult={int(one.multiplier)}",
        ")",
    ]
    parts.step_end.append("scheduler.step()")


def _ema(one: Any, parts: Parts, training: Training, _: Modules) -> None:
    if not one.decay:
        return
    _check_alone(parts)
    parts.constants.append(f"EMA = {one.decay!r}")
    parts.definitions.append(_AVERAGE)
    parts.setup.append("average = torch.optim.swa_utils.AveragedModel(model, avg_fn=corrected)")
    parts.step_end.append("average.update_parameters(model)")
    parts.predictor = "average"


def _swa(one: Any, parts: Parts, training: Training, _: Modules) -> None:
    if math.isinf(one.start_epoch):
        return
    _check_alone(parts)
    if training.find(WarmRestarts):
        raise RecipeError("SWA beside WarmRestarts is not written for PyTorch.")
    parts.constants.append(f"SWA_START = {int(one.start_epoch)}")
    parts.setup.append("average = torch.optim.swa_utils.AveragedModel(model)")
    parts.epoch_end += [
        "if epoch <= SWA_START:",
        "    average = torch.optim.swa_utils.AveragedModel(model)",
        "average.update_parameters(model)",
    ]
    parts.predictor = "average"


def _check_alone(parts: Parts) -> None:
    if parts.predictor != "model":
        raise RecipeError("Two averages of weights in one recipe are not written for PyTorch.")


def _penalties(parts: Parts, made: Modules, optimizer: str) -> None:
    l1, l2 = [], []
    for layer in made.kernels:
        penalty = layer.kernel_regularizer
        l1.append(float(getattr(penalty, "l1", 0.0)))
        l2.append(float(getattr(penalty, "l2", 0.0)))
    if any(l2):
        parts.constants.append(_amounts("L2", l2))
        term = "L2 * sum(w.square().sum() for w in kernels)"
        if len(set(l2)) > 1:
            term = "sum(s * w.square().sum() for s, w in zip(L2, kernels))"
        parts.penalties.append(term)
    if any(l1):
        if optimizer not in ("Adam", "AdamW", "SGD"):
            raise RecipeError(
                f"L1's proximal step is written for PyTorch with Adam, AdamW and SGD, not with "
                f"{optimizer}."
            )
        step = _STEP_OF_SGD if optimizer == "SGD" else _STEP_OF_ADAM
        parts.constants.append(_amounts("L1", l1, always=True))
        parts.definitions.append(_SHRINK.format(step=step))
        parts.update.append("shrink(optimizer, kernels)")


def _amounts(name: str, values: list[float], always: bool = False) -> str:
    """A strength as a constant: a number, or one for each kernel."""
    if len(set(values)) == 1 and not always:
        return rendered(literal(values[0]), f"{name} = ")
    return rendered(literal(values), f"{name} = ", "  # Of each kernel, first to last.")


def _constraints(parts: Parts, made: Modules) -> None:
    lines = [_projection(layer.kernel_constraint) for layer in made.kernels]
    if lines[0] and len(set(lines)) == 1:
        parts.update += ["for w in kernels:", f"    {lines[0]}"]
        return
    for i, line in enumerate(lines):
        if line:
            parts.update += [f"w = kernels[{i}]", line]


def _projection(one: Any) -> str:
    """The line that puts the kernel `w` where a constraint wants it; nothing for none."""
    kind = type(one).__name__
    if one is None:
        return ""
    if kind == "MaxNorm":
        return f"w.copy_(w.renorm(2, 0, {float(one.max_value)!r}))"
    if kind not in ("UnitNorm", "MinMaxNorm"):
        raise RecipeError(f"The constraint {kind} is not written for PyTorch.")
    rate = 1.0 if kind == "UnitNorm" else float(one.rate)
    return f"w.lerp_(nn.functional.normalize(w.flatten(1)).view_as(w), {rate!r})"


_Writer = Callable[[Any, Parts, Training, Modules], None]
_WRITERS: dict[type[Any], _Writer] = {
    EMA: _ema,
    FeatureMasking: _masking,
    GradientClipping: _clipping,
    GradientNoise: _gradient_noise,
    LabelSmoothing: _smoothing,
    Mixup: _mixup,
    RandomFlip: _flip,
    SAM: _sam,
    SWA: _swa,
    WarmRestarts: _restarts,
}


def stopping(training: Training) -> EarlyStopping | None:
    """The recipe's rule for when to stop, if it ever does."""
    rule = training.find(EarlyStopping)
    return None if rule is None or math.isinf(rule.patience) else rule
