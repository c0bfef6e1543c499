"""A study's store beside its task: by what a training is known again, and what it is found by."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from justright.engine.journal import Journal, UnderWay, places_of
from justright.engine.layout import Layout
from justright.engine.outcome import Outcome
from justright.engine.program import Task
from justright.engine.rows import Rows
from justright.engine.trial import Trial, TrialResult
from justright.engine.versions import Versions, present
from justright.events import tell
from justright.network.blueprint import Blueprint
from justright.network.network import Network
from justright.network.objective import Objective
from justright.network.weights import Arrays, variable_paths
from justright.store.kept import Kept, kept, result_of, text_of
from justright.store.packed import digest
from justright.store.store import RUNNING, Store


class Keep:
    """The store of a study, and what of its task is hashed once.

    Args:
        path: the file.
    """

    def __init__(self, path: str | Path) -> None:
        self.store = Store(path)
        self._rows: list[tuple[Rows, str]] = []
        self._runs: list[tuple[list[str], dict[str, Versions]]] = []
        self._written: set[str] = set()

    @property
    def runs(self) -> int:
        """How many times trials have been trained with this store."""
        return len(self._runs)

    def count(self, journal: KeptTrials, trials: Sequence[Trial]) -> None:
        """Remember which trials of a run were known.

        Args:
            journal: of the run.
            trials: all of them.
        """
        self._runs.append((list(map(journal.key, trials)), journal.found))

    def notes(self, since: int = 0) -> tuple[str, ...]:
        """What to say of the trials that were known, of several runs together.

        Args:
            since: `runs` before the first of them.
        """
        runs = self._runs[since:]
        found = {key: one for _, some in runs for key, one in some.items()}
        return in_words(self.store.path, found, len({key for keys, _ in runs for key in keys}))

    def claim(self, settings: Mapping[str, Any]) -> None:
        """Say what all trainings have in common, or find that the store is another study's.

        Raises:
            StoreError: it is, or it cannot be used.
        """
        with self.store:
            self.store.claim({name: plain_text(value) for name, value in settings.items()})

    def settings(self, task: Task, start: object, epochs: int) -> dict[str, Any]:
        """What a study's trainings have in common, by name.

        Args:
            task: network, objective, optimizer, rows.
            start: what the trainings start from: drawn by seed where it can be called.
            epochs: of a training.
        """
        return {
            "rows": self.rows(task),
            "network": digest(network_text(task.blueprint), _own_values(task, start)).hex(),
            "loss": loss_text(task.objective),
            "metric": task.objective.metric_name,
            "optimizer": optimizer_text(task.optimizer),
            "batch_size": task.batch_size,
            "shuffle": task.shuffle,
            "epochs": epochs,
        }

    def rows(self, task: Task) -> str:
        """A hash of a task's rows, targets and splits; of rows on disk, of those in memory."""
        for rows, known in self._rows:
            if rows is task.rows:
                return known
        read = (task.stream.rows, task.stream.batches) if task.stream else ()
        found = digest([one if one is None else np.asarray(one) for one in task.rows], read).hex()
        self._rows.append((task.rows, found))
        return found

    def journal(self, task: Task, start: object, origin: bytes = b"") -> KeptTrials:
        """What keeps trials of a task, while the store is open.

        Args:
            task: that they are of.
            start: what they start from.
            origin: a hash of the initial weights, where they are neither drawn by the network's
                initializers nor the model's own.
        """
        settings = self.settings(task, start, 0)
        fingerprint = digest(plain_text(settings), origin)
        return KeptTrials(self.store, task, fingerprint, self._written)


@dataclass
class KeptTrials(Journal):
    """The trials of one task in a store: the engine's journal.

    Attributes:
        store: open.
        task: that the trials are of.
        fingerprint: a hash of all but the trial that its numbers follow from.
        written: keys of the trials that this process has written.
        found: what trained the others that were known, by key.
    """

    store: Store
    task: Task
    fingerprint: bytes
    written: set[str]

    def __post_init__(self) -> None:
        self.found: dict[str, Versions] = {}

    def key(self, trial: Trial) -> str:
        """A hash of all that a trial's numbers follow from."""
        return digest(self.fingerprint, text_of(trial)).hex()

    def known(self, trial: Trial) -> TrialResult | None:
        """What a trial gave in an earlier run."""
        key = self.key(trial)
        row = self.store.find(key)
        if row is None:
            return None
        result = result_of(row, trial, self._renamed)
        if key not in self.written:
            self.found[key] = result.versions
        return result

    def missing(self, trials: Sequence[Trial]) -> list[Trial]:
        """The trials that have not ended in an earlier run."""
        return [trial for trial in trials if not self.store.has(self.key(trial))]

    def notes(self, of: int) -> tuple[str, ...]:
        """What to say of the trials that were known.

        Args:
            of: trials in all.
        """
        return in_words(self.store.path, self.found, of)

    def left_off(self, trial: Trial, layout: Layout) -> UnderWay | None:
        """Where an earlier run with this layout left a trial."""
        return self.store.left_off(self.key(trial), _layout_text(layout))

    def border(
        self,
        ended: Sequence[TrialResult],
        running: Iterable[tuple[Trial, UnderWay]],
        layout: Layout,
    ) -> None:
        """Write what a segment has brought."""
        # One that Ctrl-C has cut short goes on from where it was at the border before.
        whole = [one for one in ended if one.outcome is not Outcome.INTERRUPTED]
        self.store.write(
            (kept(self.key(one.trial), one) for one in whole),
            ((self._under_way(trial, one.curves), one) for trial, one in running),
            _layout_text(layout),
        )
        self.written.update(self.key(one.trial) for one in whole)
        tell("written", store=self.store.path.name, ended=len(whole))

    def _under_way(self, trial: Trial, curves: Any) -> Kept:
        nothing = (float("nan"), float("nan"))
        return Kept(self.key(trial), text_of(trial), RUNNING, curves, 0, 0, nothing, present())

    def _renamed(self, trial: Trial, arrays: Arrays) -> Arrays:
        """Variables by the names of this process: Keras may have numbered layers anew."""
        if self._names <= arrays.keys():
            return arrays
        network = Network(self.task.blueprint, trial.recipe.in_program())
        return dict(zip(places_of(network), arrays.values(), strict=True))

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(variable_paths(self.task.blueprint.model))


def in_words(path: Path, found: Mapping[str, Versions], of: int) -> tuple[str, ...]:
    """How many trainings a store had; nothing where it had none.

    Args:
        path: of the store.
        found: what trained those that it had, by key.
        of: trainings in all.
    """
    if not found:
        return ()
    others = Counter(one for one in found.values() if one != present())
    told = [f"{count} of them by {versions}" for versions, count in others.items()]
    more = f", {', '.join(told)}: their last digits may be others than here" if told else ""
    return (f"{len(found)} of {of} trainings were in {path.name}{more}.",)


def network_text(blueprint: Blueprint) -> str:
    """A network's layers and their configuration, without the names that Keras numbers."""
    return plain_text(blueprint.key)


def loss_text(objective: Objective) -> str:
    """The loss and what it takes."""
    given = objective.given_loss
    config = given.get_config() if hasattr(given, "get_config") else given
    return plain_text(
        (objective.kind, objective.loss_name, objective.sparse, objective.from_logits, config)
    )


def optimizer_text(optimizer: Any) -> str:
    """An optimizer's class and configuration."""
    config = {k: v for k, v in optimizer.get_config().items() if k != "name"}
    return f"{type(optimizer).__name__} {plain_text(config)}"


def plain_text(value: Any) -> str:
    """A value as text that is the same in every process: without addresses.

    >>> plain_text({"b": 1, "a": (2, None)}), plain_text("adam"), plain_text(len)
    ('{"a": [2, null], "b": 1}', 'adam', '"builtins.len"')
    """
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=_named)


def _named(value: Any) -> str:
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _own_values(task: Task, start: object) -> list[Any]:
    """The values that trainings start from and that no seed draws."""
    if isinstance(start, Mapping):
        return [(name, np.asarray(value)) for name, value in start.items()]
    frozen = {layer.name for layer in task.blueprint.model.layers if not layer.trainable}
    own = task.blueprint.own_values or {}
    return [np.asarray(value) for path, value in own.items() if path.split("/")[0] in frozen]


def _layout_text(layout: Layout) -> str:
    return (
        f"{plain_text(present()._asdict())} {layout.walk} {layout.lanes_per_device} lanes on each "
        f"of {len(layout.devices)} {layout.devices[0].platform}"
    )
