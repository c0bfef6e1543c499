"""A training loop written by hand in PyTorch, with its default number of threads.

The sigmoid stands in the loss, as PyTorch advises.

Tuned: Adam's fused step.
"""

from __future__ import annotations

import torch
from peers.job import Job, Rows, time_trainings
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits


def built(job: Job, features: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(features, 128),
        nn.ReLU(),
        nn.Dropout(job.rate),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Dropout(job.rate),
        nn.Linear(64, 1),
    )


def train(job: Job, rows: Rows, seed: int) -> float:
    torch.manual_seed(seed)
    X, y, X_val, y_val = map(torch.from_numpy, rows)
    model = built(job, X.shape[1])
    kernels = [model[0].weight, model[3].weight]
    optimizer = torch.optim.Adam(model.parameters(), fused=True if job.tuned else None)
    history = []
    for _ in range(job.epochs):
        model.train()
        for batch in torch.randperm(len(X)).split(job.batch_size):
            optimizer.zero_grad()
            loss = binary_cross_entropy_with_logits(model(X[batch]).squeeze(1), y[batch])
            loss = loss + job.strength * sum(kernel.square().sum() for kernel in kernels)
            loss.backward()
            optimizer.step()
        model.eval()
        history.append((*figures(model, X, y), *figures(model, X_val, y_val)))
    return history[-1][-1]


@torch.no_grad()
def figures(model: nn.Module, X: Tensor, y: Tensor) -> tuple[float, float]:
    """Loss and accuracy."""
    logits = model(X).squeeze(1)
    accuracy = ((logits > 0) == (y > 0.5)).float().mean()
    return binary_cross_entropy_with_logits(logits, y).item(), accuracy.item()


if __name__ == "__main__":
    time_trainings(train)
