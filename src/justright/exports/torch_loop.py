"""The training loop of a PyTorch script."""

from __future__ import annotations

from textwrap import indent
from typing import Any

from justright.exports.torch_layers import Modules
from justright.exports.torch_optimizer import torch_optimizer
from justright.exports.torch_parts import Parts, stopping
from justright.exports.training import Training

_LOSSES = {
    "binary": "binary_cross_entropy_with_logits",
    "categorical": "cross_entropy",
    "sparse": "cross_entropy",
    "mean_squared_error": "mse_loss",
    "mean_absolute_error": "l1_loss",
}


def kinds(made: Modules) -> str:
    """The classes that have kernels, as `isinstance` takes them."""
    found = made.kinds
    return found[0] if len(found) == 1 else f"({', '.join(found)})"


def loss_of(training: Training, outputs: str, target: str, smoothed: bool) -> str:
    """The loss of the data as an expression."""
    function = _LOSSES[training.loss]
    smooth = smoothed and training.smoothing and function == "cross_entropy"
    further = ", label_smoothing=LABEL_SMOOTHING" if smooth else ""
    return f"nn.functional.{function}({outputs}, {target}{further})"


def _wholeloss_of(training: Training, parts: Parts) -> list[str]:
    data = loss_of(training, "model(x)", "target", smoothed=True)
    return [f"loss = {data}", *(f"loss = loss + {term}" for term in parts.penalties)]


def backward(training: Training, parts: Parts) -> str:
    """The pass that SAM takes twice, as a function."""
    lines = [
        "model.zero_grad()",
        *_wholeloss_of(training, parts),
        "loss.backward()",
        *parts.clipping,
    ]
    return "\n".join(
        [
            "def backward(model, kernels, x, target):",
            '    """Put the gradient of loss and penalties where the optimizer reads it."""',
            *(f"    {line}" for line in lines),
        ]
    )


def training_loop(training: Training, made: Modules, parts: Parts) -> str:
    """The function that trains, and returns the network with the weights that are kept."""
    rule = stopping(training)
    head = [
        "def train(rows, seed):",
        '    """The network with the weights that are kept."""',
        "    torch.manual_seed(seed)",
        "    model = build()",
    ]
    lines = [
        *torch_optimizer(training),
        *_in(1, parts.setup),
        '    X, y = rows["train"]',
    ]
    if rule:
        start = "best, kept, waited = math.inf, None, 0"
        lines.append(f"    {start if rule.restore_best else 'best, waited = math.inf, 0'}")
    order = "torch.randperm(len(X))" if training.shuffle else "torch.arange(len(X))"
    lines += [
        "    for epoch in range(EPOCHS):",
        "        model.train()",
        f"        for chosen in {order}.split(BATCH_SIZE):",
    ]
    normalized = any(type(x).__name__ == "BatchNormalization" for x in training.model.layers)
    if normalized and training.rows % training.batch_size == 1:
        lines += [
            "            if len(chosen) == 1:",
            "                continue  # One row has no variance to normalize by.",
        ]
    lines += [
        "            x, target = X[chosen], y[chosen]",
        *_in(3, parts.batch),
        *_in(3, _gradient(training, parts)),
        "            optimizer.step()",
    ]
    if parts.update:
        lines += ["            with torch.no_grad():", *_in(4, parts.update)]
    lines += [*_in(3, parts.step_end), *_in(2, parts.epoch_end)]
    words = training.objective.metric_name.replace("_", " ")
    lines += [
        f'        loss, metric = figures({parts.predictor}, *rows["val"])',
        f'        print(f"epoch {{epoch + 1}}: loss {{loss:.4f}}, {words} {{metric:.4f}}")',
    ]
    if rule:
        lines += _in(2, _stopping(training, rule, parts.predictor))
        if rule.restore_best:
            lines += _in(
                1, ["if kept is not None:", f"    {parts.predictor}.load_state_dict(kept)"]
            )
    if any("kernels" in line for line in lines):
        head.append(f"    kernels = [x.weight for x in model if isinstance(x, {kinds(made)})]")
    return "\n".join([*head, *lines, f"    return {parts.predictor}"])


def _in(steps: int, lines: list[str]) -> list[str]:
    return [indent(line, "    " * steps) for line in lines]


def _gradient(training: Training, parts: Parts) -> list[str]:
    if not parts.sharp:
        passed = ["optimizer.zero_grad()", *_wholeloss_of(training, parts), "loss.backward()"]
        return [*passed, *parts.clipping, *parts.gradient]
    return [
        "backward(model, kernels, x, target)",
        "with torch.no_grad():",
        "    uphill = ascend(list(model.parameters()))",
        "backward(model, kernels, x, target)",
        "with torch.no_grad():",
        "    for p, step in zip(model.parameters(), uphill):",
        "        p.sub_(step)",
        *parts.gradient,
    ]


def _stopping(training: Training, rule: Any, predictor: str) -> list[str]:
    """Stop after so many epochs without improvement; the best weights are kept if wished."""
    watched = "loss"
    if rule.monitor == "val_metric":
        watched = "-metric" if training.objective.higher_is_better else "metric"
    least = f" - {float(rule.min_delta)!r}" if rule.min_delta else ""
    lines = [
        f"if {watched} < best{least}:",
        f"    best, waited = {watched}, 0",
        *([f"    kept = copy.deepcopy({predictor}.state_dict())"] if rule.restore_best else []),
        "else:",
        "    waited += 1",
        f"    if waited >= {int(rule.patience)}:",
        "        break",
    ]
    if rule.start_from_epoch:
        return [f"if epoch < {int(rule.start_from_epoch)}:", "    continue", *lines]
    return lines
