"""Trials of one program on their way into its lanes and out of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Generic

import jax
import numpy as np

from justright.engine.blame import naming
from justright.engine.journal import (
    Journal,
    UnderWay,
    places_of,
    state_of,
    with_states,
)
from justright.engine.keys import (
    batch_order_key,
    initial_weights_seed,
    own_layers_key,
    technique_key,
)
from justright.engine.lane import Lane, Order
from justright.engine.layout import Layout
from justright.engine.members import Predictor
from justright.engine.outcome import Outcome
from justright.engine.program import Kind, Task, program_for
from justright.engine.rows import Rows
from justright.engine.trial import Member, Trial, TrialResult
from justright.network.weights import Arrays
from justright.regularizers.places import StopRule

REMEMBERED_BYTES = 256 * 2**20


class Remembered:
    """Initial values by seed, drawn once: the recipes of a study share them."""

    def __init__(self, values: Callable[[int], Arrays] | Arrays) -> None:
        self._values = values
        self._known: dict[int, Arrays] = {}

    def of(self, trial: Trial) -> Arrays:
        """The values that a trial starts from."""
        if not callable(self._values):
            return self._values
        seed = initial_weights_seed(trial.seed, trial.split)
        if seed not in self._known:
            drawn = self._values(seed)
            size = sum(value.nbytes for value in drawn.values())
            if (len(self._known) + 1) * size > REMEMBERED_BYTES:
                self._known.clear()
            self._known[seed] = drawn
        return self._known[seed]


class Queue(Generic[Kind]):
    """The trials of one program, on their way through its lanes.

    Args:
        kind: of program.
        task: what the trials have in common.
        trials: of one structure, in the order in which they enter.
        initial_values: of each trial.
        layout: where lanes live.
        journal: what keeps them; none if None.
    """

    def __init__(
        self,
        kind: type[Kind],
        task: Task,
        trials: Sequence[Trial],
        initial_values: Remembered,
        layout: Layout,
        journal: Journal | None = None,
    ) -> None:
        self._program = program_for(kind, task, trials[0].recipe, layout)
        self._journal = journal or Journal()
        self._layout = layout
        self._trials = trials
        # The program may have been compiled for a network whose layers bear other names.
        self._paths = self._program.network.renamed_from(
            task.blueprint, trials[0].recipe.in_program()
        )
        self._initial_values = initial_values
        self._prepared: dict[int, Order] = {}
        first = self._order(trials[0])
        self._orders: Order = jax.tree.map(
            lambda a: np.zeros((layout.lanes, *np.shape(a)), np.asarray(a).dtype), first
        )

    def compile(self, rows: Rows) -> None:
        """Compile the program for these trials, once.

        Raises:
            RecipeError: it cannot be compiled; the error names the technique.
        """
        with naming(self._trials[0].recipe):
            self._program.compile(rows, self._orders)

    @cached_property
    def _places(self) -> dict[str, int]:
        return places_of(self._program.network)

    def _left_off(self) -> dict[int, UnderWay]:
        """Where an earlier run left trials, by position."""
        found = (self._journal.left_off(trial, self._layout) for trial in self._trials)
        return {i: one for i, one in enumerate(found) if one is not None}

    def _taken_up(self, lanes: Lane, left_off: Mapping[int, UnderWay]) -> Lane:
        """The lanes with some of them as an earlier run left them.

        Args:
            lanes: as they are.
            left_off: by lane.
        """
        if not left_off:
            return lanes
        states = {lane: one.state for lane, one in left_off.items()}
        self._orders.fresh[list(states)] = False
        restored: Lane = jax.device_put(
            with_states(lanes, states, self._places), self._layout.over_lanes()
        )
        return restored

    def _border(
        self,
        ended: Sequence[tuple[int, TrialResult]],
        lanes: Lane,
        running: Mapping[int, int],
        curves: Mapping[int, Sequence[np.ndarray]],
    ) -> None:
        """Tell the journal where a segment has brought all lanes.

        Args:
            ended: positions and results.
            lanes: of all trials.
            running: positions of the trials that have not ended, by lane.
            curves: of these so far, by position.
        """
        under_way = (
            (
                self._trials[position],
                UnderWay(np.concatenate(curves[position]), state_of(lanes, lane, self._places)),
            )
            for lane, position in running.items()
        )
        self._journal.border([result for _, result in ended], under_way, self._layout)

    def _empty(self, lane: int) -> None:
        """Take the order out of a lane, so that it trains no further."""
        self._orders.epochs[lane] = 0
        self._orders.fresh[lane] = True

    def _cut_short(self, running: Iterable[int], epochs: np.ndarray) -> None:
        """Let the trials in some lanes end with their next epoch, judged as all that end are.

        Args:
            running: the lanes.
            epochs: trained so far, by lane.
        """
        for lane in running:
            self._orders.epochs[lane] = epochs[lane] + 1

    def _outcome(self, lane: int, trial: Trial, outcomes: np.ndarray) -> Outcome:
        """How the trial in a lane has ended, if it has."""
        outcome = Outcome(int(outcomes[lane]))
        cut = outcome is Outcome.FINISHED and self._orders.epochs[lane] < trial.epochs
        return Outcome.INTERRUPTED if cut else outcome

    def _prepare(self, positions: Iterable[int]) -> None:
        """Make the orders of trials that are to enter."""
        for position in positions:
            if position not in self._prepared:
                self._prepared[position] = self._order(self._trials[position])

    def _fill(self, waiting: deque[int], running: dict[int, int]) -> list[int]:
        """Let queued trials into free lanes; return which entered."""
        entered = []
        for lane in self._layout.spread():
            if not waiting or lane in running:
                continue
            position = waiting.popleft()
            running[lane] = position
            entered.append(position)
            self._prepare([position])
            _put(self._orders, lane, self._prepared.pop(position))
        return entered

    def _result(
        self, position: int, lanes: Lane, lane: int, curves: np.ndarray, outcome: Outcome
    ) -> tuple[int, TrialResult]:
        """What the trial in a lane gave, once it has ended, and its position."""
        trial = self._trials[position]
        rule = trial.recipe.stop_rule()
        best_epoch = int(np.asarray(lanes.best.epoch)[lane])
        chosen_epoch = best_epoch if rule.restore_best and best_epoch else len(curves)
        earlier: list[Member] = []
        values: Arrays = {}
        if outcome is not Outcome.PRUNED:
            *earlier, (values, _) = self._networks(lanes.best.predictor, lane, chosen_epoch)
        loss, metric = np.asarray(lanes.test)[lane]
        return position, TrialResult(
            trial=trial,
            outcome=outcome,
            curves=curves,
            best_epoch=best_epoch,
            chosen_epoch=chosen_epoch,
            test=(float(loss), float(metric)),
            values=values,
            earlier=tuple(earlier),
        )

    def _networks(self, predictor: Predictor, lane: int, epoch: int) -> list[Member]:
        """The networks in a lane, oldest first; the last one is that of the chosen epoch."""
        variables = predictor.weights | predictor.buffers
        values = {p: np.array(np.asarray(variables[v])[lane]) for p, v in self._paths.items()}
        if predictor.steps is None or predictor.epochs is None:
            return [Member(values, epoch)]
        steps, epochs = (np.asarray(a)[lane] for a in (predictor.steps, predictor.epochs))
        kept = [i for i in np.argsort(steps) if steps[i]]
        return [Member({p: v[i] for p, v in values.items()}, int(epochs[i])) for i in kept]

    def _order(self, trial: Trial) -> Order:
        network = self._program.network
        values = self._initial_values.of(trial)
        weights, buffers = network.complete(
            {self._paths.get(p, p): v for p, v in values.items()},
            initial_weights_seed(trial.seed, trial.split),
        )
        for i, path in enumerate(network.random_states):
            buffers[path] = own_layers_key(trial.seed, trial.split) + np.uint32(i)
        recipe = trial.recipe.in_program()
        rule = trial.recipe.stop_rule()
        return Order(
            recipe=jax.tree.map(np.float32, recipe),
            rule=StopRule(
                patience=np.int32(rule.patience),
                min_delta=np.float32(rule.min_delta),
                start_from_epoch=np.int32(rule.start_from_epoch),
                restore_best=np.bool_(rule.restore_best),
                by_metric=np.bool_(rule.by_metric),
            ),
            order_key=batch_order_key(trial.seed, trial.split),
            technique_key=technique_key(trial.seed, trial.split),
            split=np.int32(trial.split),
            epochs=np.int32(trial.epochs),
            rate=np.float32(trial.learning_rate),
            weights=weights,
            buffers=buffers,
            fresh=np.bool_(True),
        )


def _put(orders: Order, lane: int, order: Order) -> None:
    """Write one lane's order among all lanes'."""
    for whole, one in zip(jax.tree.leaves(orders), jax.tree.leaves(order), strict=True):
        whole[lane] = one
