"""A training loop written by hand in PyTorch for the larger networks, with Adam's fused step.

Its training and validation figures come from one pass over all rows after the
epoch, in pieces of 4,096.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import torch
from peers.images import CLASSES, images
from peers.job import answer, asked_job
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

CHUNK = 4096


def main() -> None:
    job = asked_job()
    torch.set_num_threads(job["threads"])
    torch.manual_seed(0)
    X, y = map(torch.from_numpy, images(job["rows"], job["validation_rows"]))
    train, validation = slice(job["rows"]), slice(job["rows"], None)
    model = built(job)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    epoch(model, optimizer, X[: job["warm"]], y[: job["warm"]], job["batch"])
    began = time.perf_counter()
    epoch(model, optimizer, X[train], y[train], job["batch"])
    trained = time.perf_counter()
    seen = [figures(model, X[part], y[part]) for part in (train, validation)]
    ended = time.perf_counter()
    answer(
        steps=trained - began,
        epoch=ended - began,
        parameters=sum(one.numel() for one in model.parameters()),
        val_accuracy=seen[1][1],
    )


def built(job: dict[str, Any]) -> nn.Sequential:
    return dense(job) if "layers" in job else convolutional(job)


def dense(job: dict[str, Any]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(job["layers"]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(job["rate"])]
    return nn.Sequential(*layers[:-2])


def convolutional(job: dict[str, Any]) -> nn.Sequential:
    """Dropout after each activation, where justright's sites lie."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, 28, 28))]
    for inputs, outputs in pairwise((1, *job["filters"])):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.Dropout(job["rate"])]
        layers += [nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(7 * 7 * job["filters"][-1], CLASSES))


def epoch(
    model: nn.Module, optimizer: torch.optim.Optimizer, X: Tensor, y: Tensor, batch_size: int
) -> None:
    model.train()
    for batch in torch.randperm(len(X)).split(batch_size):
        optimizer.zero_grad()
        cross_entropy(model(X[batch]), y[batch]).backward()
        optimizer.step()


@torch.inference_mode()
def figures(model: nn.Module, X: Tensor, y: Tensor) -> tuple[float, float]:
    """Loss and accuracy."""
    model.eval()
    loss, right = 0.0, 0
    for rows, targets in zip(X.split(CHUNK), y.split(CHUNK), strict=True):
        logits = model(rows)
        loss += cross_entropy(logits, targets, reduction="sum").item()
        right += (logits.argmax(dim=1) == targets).sum().item()
    return loss / len(X), right / len(X)


if __name__ == "__main__":
    main()
