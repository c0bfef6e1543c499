"""A training as a store keeps it: numbers and bytes, on their way to and from the engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from justright.engine.outcome import Outcome
from justright.engine.trial import Member, Trial, TrialResult
from justright.engine.versions import Versions
from justright.network.weights import Arrays
from justright.store.packed import as_stored, digest, packed, unpacked


@dataclass(frozen=True)
class Network:
    """Weights of one network.

    Attributes:
        epoch: that they are of.
        safetensors: the bytes.
    """

    epoch: int
    safetensors: bytes


@dataclass(frozen=True)
class Kept:
    """A training that has ended, or has come to a border.

    Attributes:
        key: of all that its numbers follow from.
        trial: what the columns of its row say: recipe, techniques, seed, split, epochs and
            learning rate.
        outcome: in small letters.
        curves: (epochs_run, 5) of float32.
        best_epoch, chosen_epoch: counted from 1; 0 while it is running.
        test: loss and metric; NaN without test rows.
        versions: that it was trained with.
        networks: that predict together, the chosen one last.
    """

    key: str
    trial: tuple[str, str, int, int, int, float]
    outcome: str
    curves: np.ndarray
    best_epoch: int
    chosen_epoch: int
    test: tuple[float, float]
    versions: Versions
    networks: tuple[Network, ...] = ()

    @property
    def digest(self) -> bytes:
        """What tells whether a row is as it was written."""
        networks = [(one.epoch, one.safetensors) for one in self.networks]
        numbers = (self.outcome, self.best_epoch, self.chosen_epoch)
        figures = [as_stored(np.asarray(one)) for one in (self.curves, self.test)]
        return digest(self.key, self.trial, numbers, figures, self.versions_text, networks)

    @property
    def versions_text(self) -> str:
        """The versions as JSON: those that are known, so that a later field changes no digest."""
        return json.dumps({name: one for name, one in self.versions._asdict().items() if one})


def text_of(trial: Trial) -> tuple[str, str, int, int, int, float]:
    """A trial as the columns of its row say it."""
    seed, split, epochs = int(trial.seed), int(trial.split), int(trial.epochs)
    return trial.name, repr(trial.recipe), seed, split, epochs, float(trial.learning_rate)


def kept(key: str, result: TrialResult) -> Kept:
    """What to keep of a training that has ended."""
    pruned = result.outcome is Outcome.PRUNED
    members = () if pruned else result.members
    return Kept(
        key=key,
        trial=text_of(result.trial),
        outcome=result.outcome.name.lower(),
        curves=result.curves,
        best_epoch=result.best_epoch,
        chosen_epoch=result.chosen_epoch,
        test=result.test,
        versions=result.versions,
        networks=tuple(Network(one.epoch, packed(one.values)) for one in members),
    )


def result_of(kept: Kept, trial: Trial, renamed: Callable[[Trial, Arrays], Arrays]) -> TrialResult:
    """What a training gave.

    Args:
        kept: the training.
        trial: that was asked for.
        renamed: from variables by the names of the process that wrote them to those of this one.
    """
    members = [
        Member(renamed(trial, unpacked(one.safetensors)), one.epoch) for one in kept.networks
    ]
    return TrialResult(
        trial=trial,
        outcome=Outcome[kept.outcome.upper()],
        curves=kept.curves,
        best_epoch=kept.best_epoch,
        chosen_epoch=kept.chosen_epoch,
        test=kept.test,
        values=members[-1].values if members else {},
        earlier=tuple(members[:-1]),
        versions=kept.versions,
    )
