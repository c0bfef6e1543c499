"""Snapshot ensembles: members against trainings that end with a cycle, and their mean by hand."""

import keras
import numpy as np
import pytest

import justright as jr
from conftest import dense_net, signs

# Cycles of 2, 4 and 8 epochs: they end with epochs 2, 6 and 14.
CYCLES = jr.WarmRestarts(2, 2)
ENDS = (2, 6, 14)
L = keras.layers


def sigmoid(z):
    return 1 / (1 + np.exp(-np.asarray(z, np.float64)))


def softmax(z):
    z = np.exp(np.asarray(z, np.float64) - np.max(z, axis=-1, keepdims=True))
    return z / z.sum(axis=-1, keepdims=True)


def log_odds(p):
    return np.log(p) - np.log1p(-p)


def mean(outputs):
    return np.mean(np.asarray(outputs, np.float64), axis=0)


# For each task: the last layer, targets from rows' sums, and how outputs are averaged.
TASKS = {
    "binary": (lambda: L.Dense(1, "sigmoid"), lambda s: (s > 0).astype(int), mean),
    "binary logits": (
        lambda: L.Dense(1),
        lambda s: (s > 0).astype(int),
        lambda z: log_odds(mean(sigmoid(z))),
    ),
    "classes": (lambda: L.Dense(3, "softmax"), lambda s: np.digitize(s, [-1, 1]), mean),
    "classes as logits": (
        lambda: L.Dense(3),
        lambda s: np.digitize(s, [-1, 1]),
        lambda z: np.log(mean(softmax(z))),
    ),
    "several labels": (
        lambda: L.Dense(2, "sigmoid"),
        lambda s: np.stack([s > 0, s > 1], axis=1).astype(int),
        mean,
    ),
    "several labels as logits": (
        lambda: L.Dense(2),
        lambda s: np.stack([s > 0, s > 1], axis=1).astype(int),
        lambda z: log_odds(mean(sigmoid(z))),
    ),
    "numbers": (lambda: L.Dense(1), lambda s: s.astype(np.float32), mean),
}
