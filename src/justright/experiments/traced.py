"""What a regularization path found: what is left at each strength, and which one is best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from justright.engine.outcome import Outcome
from justright.errors import ModelError
from justright.evidence.path_summary import PathFacts, path_in_words
from justright.experiments.swept import Sweep
from justright.network.inputs import outgoing_norms, reading_layers
from justright.network.network import Network
from justright.regularizers.axis import Axis
from justright.regularizers.grid import Point
from justright.regularizers.recipe import Recipe
from justright.regularizers.shrinkage import Shrinks
from justright.report.page.path_page import ReportedPath
from justright.study import Study

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class RegularizationPath(ReportedPath):
    """A penalty followed over its strengths.

    Attributes:
        sweep: the same trainings as a sweep of one strength.
        kernels: the paths of the kernels that the penalty acts on.
        zero_from: the strength from which all of these are zero, where it is computed: the path
            then went down from it; None where the path went up from the dense network.
    """

    sweep: Sweep
    kernels: tuple[str, ...]
    zero_from: float | None

    def __repr__(self) -> str:
        way = "up" if self.zero_from is None else "down"
        return f"<Path of {self.axis.name}, {way} {len(self.strengths)} strengths>"

    @property
    def study(self) -> Study:
        """Of all trainings; its recipes are named like `"l1=0.001"`."""
        return self.sweep.study

    @property
    def axis(self) -> Axis:
        """What was varied."""
        return self.sweep.grid.axes[0]

    @property
    def strengths(self) -> tuple[float, ...]:
        """In ascending order, 0 first."""
        return self.sweep.grid.values[0]

    @property
    def best(self) -> Point:
        """The point with the best mean on the validation rows."""
        return self.sweep.best

    @property
    def one_standard_error(self) -> Point:
        """The strongest that is not worse than the best by more than its standard error."""
        return self.sweep.one_standard_error

    @property
    def recipe(self) -> Recipe:
        """The recipe of the best point, without the penalty if that is 0."""
        return self.sweep.recipe

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a strength: that of a sweep, and what is left.

        Columns beside a sweep's: weights (mean number that is not zero), of_weights (how many
        the penalty acts on), norm (of these, the mean), moving (by which share of itself the
        penalized training loss still changed in the last quarter of the epochs, the median;
        near 0 at rest), and inputs (mean number that survives; NaN where inputs have no weights
        of their own) of of_inputs.
        """
        results = self.study.results
        left = np.array([self._left(result.values) for result in results], float)
        moving = np.array([_moving(result.curves) for result in results])
        survive = (self.norms > 0).sum(axis=2).mean(axis=1) if self.has_inputs else np.nan
        return self.sweep.table.assign(
            weights=self._by_point(left[:, 0]).mean(axis=1),
            of_weights=self._of_weights,
            norm=self._by_point(left[:, 1]).mean(axis=1),
            moving=np.median(self._by_point(moving), axis=1),
            inputs=survive,
            of_inputs=len(self.names),
        )

    @property
    def has_inputs(self) -> bool:
        """Whether each input has weights of its own: rows (features,) that go into dense layers."""
        return bool(reading_layers(self.study.task.blueprint))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the inputs; none where they have no weights of their own."""
        if not self.has_inputs:
            return ()
        count = self.norms.shape[2]
        return self.study.features or tuple(f"x{i}" for i in range(count))

    @cached_property
    def norms(self) -> np.ndarray:
        """Of the weights that leave each input, (strengths, trials, inputs).

        Raises:
            ModelError: a network whose inputs go into anything but dense layers.
        """
        values = [[one.values for one in result.members] for result in self.study.results]
        norms = outgoing_norms(self.study.task.blueprint, values)
        return norms.reshape(len(self.strengths), -1, norms.shape[1])

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """One row an input, the one that lasts longest first.

        Columns: input, out_from (the strength from which it is out, the median over trials;
        infinite if it never is), low, high (least and most over trials), and survives (in
        which share of the trials it does at the best point).

        Raises:
            ModelError: a network whose inputs go into anything but dense layers.
        """
        import pandas as pd

        alive = self.norms > 0
        # From the strongest down, the first at which it is there; out from the next one on.
        strengths = np.array([*self.strengths, np.inf])
        last = alive.shape[0] - alive[::-1].argmax(axis=0)
        out_from = strengths[np.where(alive.any(axis=0), last, 0)]
        table = pd.DataFrame(
            {
                "input": self.names,
                "out_from": np.quantile(out_from, 0.5, axis=0, method="lower"),
                "low": out_from.min(axis=0),
                "high": out_from.max(axis=0),
                "survives": alive[self.sweep.spot.best].mean(axis=0),
            }
        )
        order = np.lexsort((-self.norms.mean(axis=(0, 1)), -table["out_from"]))
        return table.iloc[order].reset_index(drop=True)

    @property
    def escapes(self) -> bool:
        """Whether some kernels are left alone by all penalties: they can grow as others shrink.

        The output of a network of ReLU layers stays the same if one layer is made smaller and
        the next one larger by the same factor, so a penalty on the first one alone ends nowhere.
        """
        every = Network(self.study.task.blueprint, Recipe()).kernels
        others = [t for t in self.sweep.grid.base.techniques if any(t.strengths().values())]
        acting = [one for one in others if isinstance(one, Shrinks)]
        held = {*self.kernels, *(path for one in acting for path in one.shrunk(every))}
        return bool({kernel.path for kernel in every} - held)

    def weights(self, seed: int | None = None, split: int = 0) -> np.ndarray:
        """The weights of a network without hidden layers, (strengths, inputs, outputs).

        Args:
            seed: which trial; the first if None.
            split: which division of the rows.

        Raises:
            ModelError: a network with hidden layers, or several layers that read the inputs.
        """
        if len(self.kernels) != 1 or self.study.task.blueprint.anatomy.ends:
            raise ModelError(
                "The network has hidden layers, or several that read the inputs: no weight is one "
                "of an input and an output alone. See norms and inputs."
            )
        table = self.study.table
        wanted = table["seed"].iloc[0] if seed is None else seed
        rows = np.flatnonzero((table["seed"] == wanted) & (table["split"] == split))
        return np.stack([self.study.results[int(i)].values[self.kernels[0]] for i in rows])

    def summary(self) -> str:
        """One paragraph: where the path leads, what is left at the best point, what lasts."""
        return path_in_words(self.facts())

    def facts(self) -> PathFacts:
        """What the words are made of."""
        return PathFacts(
            self.sweep.facts(),
            self.table,
            None if self.zero_from is None else float(self.zero_from),
            self.inputs if self.has_inputs else None,
            self.escapes,
        )

    def model(self, point: str | None = None, seed: int | None = None) -> keras.Model:
        """A plain Keras model with trained weights, as `Study.model` gives it.

        Args:
            point: its name, such as `"l1=0.001"`; the best one if None.
            seed: which trial; the one with the lowest validation loss if None.
        """
        return self.sweep.model(point, seed)

    def plot(self) -> Figure:
        """Train and validation over the strength, and what leaves each input below it."""
        from justright.report.path_picture import draw_path

        drawn = self.sweep.drawn()
        if not self.has_inputs:
            return draw_path(drawn, self.table, None, self.names)
        places = {name: i for i, name in enumerate(self.names)}
        lasting = [places[name] for name in self.inputs["input"]]
        return draw_path(drawn, self.table, self.norms.mean(axis=1), self.names, lasting)

    @property
    def _of_weights(self) -> int:
        values = self.study.results[0].values
        return int(sum(values[path].size for path in self.kernels))

    def _left(self, values: dict[str, np.ndarray]) -> tuple[int, float]:
        kernels = [values[path] for path in self.kernels]
        squares = sum(float(np.square(kernel, dtype=float).sum()) for kernel in kernels)
        return sum(int(np.count_nonzero(kernel)) for kernel in kernels), float(np.sqrt(squares))

    def _by_point(self, values: np.ndarray) -> np.ndarray:
        """From a number for each trial to (strengths, trials), NaN where it failed."""
        failed = np.array([r.outcome is Outcome.FAILED for r in self.study.results])
        return np.where(failed, np.nan, values).reshape(len(self.strengths), -1)


def _moving(curves: np.ndarray) -> float:
    """By which share of itself loss + penalty changed in the last quarter of a training.

    NaN of one epoch.
    """
    total = curves[:, 0] + curves[:, 4]
    if len(total) < 2:
        return float("nan")
    before = total[-1 - max(1, len(total) // 4)]
    return float(abs(total[-1] - before) / max(abs(total[-1]), 1e-12))
