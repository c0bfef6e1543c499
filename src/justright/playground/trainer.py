"""Trains what the page wishes: places of the sliders side by side, all by one compiled program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import keras
import numpy as np

from justright.backend import keep_compiled_programs
from justright.engine.outputs import outputs_for
from justright.engine.program import Task
from justright.engine.scheduler import run_trials
from justright.engine.size import layout_for
from justright.engine.trial import Trial, TrialResult
from justright.network.blueprint import Blueprint
from justright.network.default import default_network
from justright.network.objective import infer_objective
from justright.network.optimizer import keras_optimizer
from justright.network.weights import Arrays
from justright.playground.clouds import FEWEST_POINTS, REACH, Cloud, sampled
from justright.playground.narrow import narrowed
from justright.playground.strengths import WIDTHS, Place
from justright.playground.wish import Wish

EPOCHS = 150
BATCH_SIZE = 10
LEARNING_RATE = 0.01
CELLS = 48
_MOST_STARTS = 32
_FIRST = Place(0, 0)


class Trainer:
    """Networks of two hidden ReLU layers on clouds, trained by one program.

    Args:
        epochs: of each training.
        lanes: how many trainings a device holds; chosen from the devices if None.
    """

    def __init__(self, epochs: int = EPOCHS, lanes: int | None = None) -> None:
        keep_compiled_programs()
        classes = np.array([0, 1])
        # Names of its own: the network that other commands use is another one.
        model = default_network((2,), classes, (max(WIDTHS), max(WIDTHS)))
        blueprint = Blueprint.of(model, (2,))
        anatomy = blueprint.anatomy
        self.task = Task(
            blueprint=blueprint,
            objective=infer_objective(
                classes, anatomy.output_activation, anatomy.output_shape, None, None
            ),
            optimizer=keras_optimizer(keras.optimizers.Adam(LEARNING_RATE), model),
            rows=sampled("moons", FEWEST_POINTS, 0.0, 0).rows(),
            batch_size=BATCH_SIZE,
            shuffle=True,
        )
        self._epochs = epochs
        recipe = _FIRST.recipe(stopping=False)
        chosen = layout_for(self.task, recipe)
        self._layout = chosen if lanes is None else replace(chosen, lanes_per_device=lanes)
        self._outputs = outputs_for(self.task, recipe)
        self._starts: dict[tuple[int, int], Arrays] = {}

    def at_once(self, urgent: bool) -> int:
        """How many places to train side by side.

        Args:
            urgent: whether somebody waits for the first of them: then one on each device, which a
                CPU has sooner than all its lanes, one after the other.
        """
        quick = urgent and self._layout.walk == "map"
        return len(self._layout.devices) if quick else self._layout.lanes

    def train(
        self, cloud: Cloud, wish: Wish, places: Sequence[Place], check: Callable[[], None]
    ) -> list[TrialResult]:
        """Train at some places.

        Args:
            cloud: on what.
            wish: how wide, from which seed, and whether to stop early.
            places: where.
            check: called several times a second; what it raises ends the training.
        """
        trials = [
            Trial(one.words, one.recipe(wish.stopping), wish.seed, 0, self._epochs, LEARNING_RATE)
            for one in places
        ]
        return run_trials(
            replace(self.task, rows=cloud.rows()),
            trials,
            lambda seed: self._start(seed, wish.width),
            layout=self._layout,
            on_progress=lambda _: check(),
        )

    def field(self, values: Arrays) -> np.ndarray:
        """What a network says of the plane: (48, 48), the probability of class 1, from below.

        Args:
            values: its variables.
        """
        return self._outputs(values, plane()).reshape(CELLS, CELLS)

    def warm(self) -> None:
        """Compile all that a request needs."""
        cloud = sampled("moons", FEWEST_POINTS, 0.0, 0)
        wish = Wish(lambda: cloud, WIDTHS[0], False, 0, _FIRST, frozenset())
        self.field(self.train(cloud, wish, [_FIRST], lambda: None)[0].values)

    def _start(self, seed: int, width: int) -> Arrays:
        if (seed, width) not in self._starts:
            if len(self._starts) >= _MOST_STARTS:
                self._starts.clear()
            drawn = self.task.blueprint.initial_values(seed)
            self._starts[seed, width] = narrowed(drawn, width)
        return self._starts[seed, width]


def plane() -> np.ndarray:
    """The middles of the plane's cells, (48 · 48, 2) of float32, row by row from below."""
    middles = REACH * ((2 * np.arange(CELLS) + 1) / CELLS - 1)
    x, y = np.meshgrid(middles, middles)
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
