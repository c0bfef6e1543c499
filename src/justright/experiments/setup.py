"""From a user's arguments to a task with its rows: what every experiment begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from justright.backend import keep_compiled_programs
from justright.data.asked import Asked
from justright.deferred import import_meanwhile
from justright.engine.layout import Layout
from justright.engine.passes import run_passes
from justright.engine.program import Task
from justright.engine.pruning import Pruning
from justright.engine.scheduler import run_trials
from justright.engine.trial import Trial, TrialResult
from justright.evidence.measure import Measure
from justright.evidence.overlap import ONE_SPLIT, Overlap
from justright.experiments.cut_short import whole_or_told
from justright.experiments.given import Given, parts_of
from justright.experiments.notes import notes_of, patience_in_words
from justright.experiments.options import (
    check_rows_travel,
    compiled_loss,
    driver_of,
    initial_values,
    keep_in,
    layout_of,
)
from justright.experiments.parts import Division
from justright.experiments.sizes import check_sizes, checked_batch_size
from justright.network.blueprint import Blueprint
from justright.network.default import HIDDEN, default_network
from justright.network.objective import infer_objective
from justright.network.optimizer import initial_learning_rate, keras_optimizer
from justright.network.targets import check_task
from justright.network.units import units_given
from justright.network.weights import Arrays
from justright.regularizers.recipe import Recipe
from justright.report.progress import progress_bar
from justright.study import Study

if TYPE_CHECKING:
    from justright.cluster.driver import Driver
    from justright.experiments.keep import Keep, KeptTrials


class Training(TypedDict, total=False):
    """How to train, for every experiment: arguments of `compare`, which says what they mean."""

    target: str | None
    task: Literal["classification", "regression"] | None
    validation: Given | float | None
    test: Given | float | None
    splits: Any
    groups: Any
    preprocess: Any
    sample_weight: Any
    epochs: int
    batch_size: int | None
    optimizer: Any
    loss: Any
    metric: str | None
    shuffle: bool
    initial_weights: Literal["model"] | None
    lanes: int | None
    store: str | Path | None
    workers: str | None


@dataclass(frozen=True)
class Setup:
    """A task and what its trials start from.

    Attributes:
        task: network, objective, optimizer, rows.
        start: the initial weights by seed, or those of all trials.
        learning_rate: of the optimizer.
        epochs: of a trial, at most.
        layout: where lanes live; chosen for each recipe from its network's size if None.
        notes: what was decided on the way, in sentences.
        features: names of the inputs.
        preparations: the fitted transformer of each split; none without preprocessing.
        overlap: what the splits have in common, which intervals allow for.
        keep: the store of the study, or None.
        driver: trains on the workers of a cluster, or None to train here.
        origin: a hash of `start`, where it is neither drawn by the network's initializers nor
            the model's own weights.
        asked: how the rows were asked for; None where they are others.
    """

    task: Task
    start: Callable[[int], Arrays] | Arrays
    learning_rate: float
    epochs: int
    layout: Layout | None
    notes: tuple[str, ...]
    features: tuple[str, ...]
    preparations: tuple[Any, ...] = ()
    overlap: Overlap = ONE_SPLIT
    keep: Keep | None = None
    driver: Driver | None = None
    origin: bytes = b""
    asked: Asked | None = None

    @classmethod
    def of(
        cls,
        model: Any,
        train: Given,
        *,
        target: str | None = None,
        task: Literal["classification", "regression"] | None = None,
        validation: Given | float | None = None,
        test: Given | float | None = None,
        splits: Any = None,
        groups: Any = None,
        preprocess: Any = None,
        sample_weight: Any = None,
        epochs: int = 100,
        batch_size: int | None = None,
        optimizer: Any = None,
        loss: Any = None,
        metric: str | None = None,
        shuffle: bool = True,
        initial_weights: Literal["model"] | None = None,
        lanes: int | None = None,
        store: str | Path | None = None,
        workers: str | None = None,
        hidden: tuple[int, ...] = HIDDEN,
        chooses: bool = False,
    ) -> Setup:
        """Check what a user gives; the arguments are those of `compare`.

        Args:
            hidden: units of the hidden layers of the network that stands in where none is given.
            chooses: whether a choice is made over all splits: then the test rows that are drawn
                of the training rows are the same in all, and no split chooses on them.

        Raises:
            DataError: rows, targets or parts that cannot be trained on.
            ModelError: a network that cannot be read or does not fit.
            StoreError: a store that cannot be used, or is of another study.
        """
        keep_compiled_programs()
        keep, driver = keep_in(store), driver_of(workers)
        network, units = model, units_given(model)
        own = model is None or bool(units)
        division = Division(splits, groups, preprocess, chooses, sample_weight, task)
        parts = parts_of(train, validation, test, target, division, pixels=own)
        if own:
            network = default_network(parts.row_shape, parts.targets, units or hidden, task)
        blueprint = Blueprint.of(network, parts.row_shape)
        objective = infer_objective(
            parts.targets,
            blueprint.anatomy.output_activation,
            blueprint.anatomy.output_shape,
            loss if loss is not None else compiled_loss(network),
            metric,
        )
        check_task(task, objective.kind)
        made = keras_optimizer(optimizer, network)
        batch_size = checked_batch_size(batch_size, parts)
        check_sizes(epochs, batch_size, parts.training_rows)
        made_task = Task(
            blueprint=blueprint,
            objective=objective,
            optimizer=made,
            rows=parts.rows(objective),
            batch_size=int(batch_size),
            shuffle=bool(shuffle),
            stream=parts.stream(objective, int(batch_size), bool(shuffle)),
        )
        check_rows_travel(driver, made_task)
        start = initial_values(blueprint, initial_weights)
        if keep is not None:
            keep.claim(keep.settings(made_task, start, int(epochs)))
        return cls(
            task=made_task,
            start=start,
            learning_rate=initial_learning_rate(made),
            epochs=int(epochs),
            layout=layout_of(made_task, lanes),
            notes=(*parts.notes, *notes_of(made_task, parts, model is None, task)),
            features=parts.features,
            preparations=parts.preparations,
            overlap=parts.overlap,
            keep=keep,
            driver=driver,
            asked=division.asked(train, target=target, validation=validation, test=test),
        )

    @property
    def splits(self) -> int:
        """How many divisions of the rows there are."""
        return int(self.task.rows.train.shape[0])

    def trials(self, name: str, recipe: Recipe, seeds: Sequence[int]) -> list[Trial]:
        """The trials of a recipe: each seed with each split."""
        return [
            Trial(name, recipe, seed, split, self.epochs, self.learning_rate)
            for split in range(self.splits)
            for seed in seeds
        ]

    def train(
        self,
        trials: Sequence[Trial],
        progress: bool | None = None,
        pruning: Pruning | None = None,
        cut_short: bool = False,
        seeds_of: int | None = None,
    ) -> Study:
        """Train, and give the study.

        Args:
            trials: what to train.
            progress: whether to show a progress bar; None for where someone watches.
            pruning: which trials are given up on the way; rows in memory only.
            cut_short: whether a study of fewer trials is wanted where Ctrl-C ends the run.
            seeds_of: as in `whole_or_told`.

        Raises:
            CutShort: Ctrl-C, and no use for fewer trials, or there are none.
        """
        task = self.task
        import_meanwhile("pandas")
        measure = Measure(task.objective.metric_name, task.objective.higher_is_better)
        with progress_bar(progress, measure) as on_progress, self.kept() as journal:
            if task.stream is not None:
                run = partial(run_passes, stream=task.stream)
            else:
                train = run_trials if self.driver is None else self.driver.run
                run = partial(train, pruning=pruning)
            results = run(
                task,
                trials,
                self.start,
                layout=self.layout,
                on_progress=on_progress,
                journal=journal,
            )
        notes: tuple[str, ...] = ()
        if self.keep is not None and journal is not None:
            notes = journal.notes(len(trials))
            self.keep.count(journal, trials)
        told = whole_or_told(trials, results, cut_short, seeds_of)
        return self.study(results, (*patience_in_words(trials), *notes, *told))

    def claim(self, settings: Mapping[str, Any]) -> None:
        """Say what else the trainings of a store have in common.

        Raises:
            StoreError: the store has other settings.
        """
        if self.keep is not None:
            self.keep.claim(settings)

    def known(self, since: int = 0) -> tuple[str, ...]:
        """What to say of trainings that the store had, in all runs together.

        Args:
            since: of the store's `runs`, the first.
        """
        return () if self.keep is None else self.keep.notes(since)

    def missing(self, trials: Sequence[Trial]) -> list[Trial]:
        """The trials that no store holds the results of."""
        with self.kept() as journal:
            return list(trials) if journal is None else journal.missing(trials)

    @contextmanager
    def kept(self) -> Iterator[KeptTrials | None]:
        """The trials of the store, which is open meanwhile; None without one."""
        if self.keep is None:
            yield None
            return
        with self.keep.store:
            yield self.keep.journal(self.task, self.start, self.origin)

    def study(self, results: Sequence[TrialResult], notes: Sequence[str] = ()) -> Study:
        """The study of trials that were trained.

        Args:
            results: of the trials.
            notes: further sentences on what was decided on the way.
        """
        return Study(
            self.task,
            results,
            (*self.notes, *notes),
            self.features,
            self.preparations,
            self.overlap,
            self.asked,
        )
