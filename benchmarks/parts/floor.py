"""The floor under the sweep: the least time that its arithmetic can take on this machine.

The operations are counted from the sizes of the layers, by formula; what the
machine does in a second of each kind is measured on all cores at once, each with
arrays of this network's sizes in its cache. Nothing else is in the floor: no ReLU,
no loss, no choice of rows, no loop, no host.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import fmean
from typing import Any

from findings import Asked, Table
from machine import cores
from process import Ran, environment, run, script

from parts.runners import SWEEP, TRAININGS

LAYERS = (30, 128, 64, 1)
TRAIN_ROWS, VALIDATION_ROWS = 80, 244
FLOAT_BYTES = 4
# Adam reads w, m, v and g, and writes w, m and v.
STREAMS = 7


@dataclass(frozen=True)
class Counts:
    """What one training must do.

    Attributes:
        step_flops, evaluation_flops: of the matrix products of a step, and of one
            evaluation of training and validation rows; a multiplication and an
            addition are two.
        parameters: each has its square root and its division in each step.
        step_words: random words of 32 bits in a step.
        steps, evaluations: in a training.
    """

    step_flops: int
    evaluation_flops: int
    parameters: int
    step_words: float
    steps: int
    evaluations: int


def count(
    layers: tuple[int, ...], rows: int, validation_rows: int, batch: int, epochs: int
) -> Counts:
    """Count the operations of a training.

    For a layer with n inputs and m outputs and b rows, forward takes 2·b·n·m
    operations, the gradient of its weights as many, and that of its inputs as many,
    which the first layer does without. Dropout decides by 16 bits for each hidden
    unit of each row, and the order of rows takes a word for each.
    """
    sizes = [n * m for n, m in pairwise(layers)]
    return Counts(
        step_flops=2 * batch * (3 * sum(sizes) - sizes[0]),
        evaluation_flops=2 * (rows + validation_rows) * sum(sizes),
        parameters=sum(sizes) + sum(layers[1:]),
        step_words=batch * sum(layers[1:-1]) / 2 + batch,
        steps=epochs * -(-rows // batch),
        evaluations=epochs,
    )


@dataclass(frozen=True)
class Rates:
    """What one core does in a second while all others do the same.

    Attributes:
        step_flops, evaluation_flops: in matrix products of the shapes of a step, and
            of an evaluation.
        bytes: read and written in arrays as large as the weights, their gradients
            and Adam's moments together.
        roots: square roots with a division each, in the nearest cache.
        words: random words.
    """

    step_flops: float
    evaluation_flops: float
    bytes: float
    roots: float
    words: float


@dataclass(frozen=True)
class Floor:
    """The floor of the whole sweep.

    Attributes:
        counts: of one training.
        rates: of one core, the mean over all cores.
        cores: how many share the trainings.
        trainings: how many.
    """

    counts: Counts
    rates: Rates
    cores: int = 1
    trainings: int = 1

    def seconds(self) -> dict[str, float]:
        """Seconds of each kind of work in one training on one core."""
        counts, rates = self.counts, self.rates
        streams = counts.parameters * STREAMS * FLOAT_BYTES
        return {
            "products of the steps": counts.steps * counts.step_flops / rates.step_flops,
            "products of the evaluations": (
                counts.evaluations * counts.evaluation_flops / rates.evaluation_flops
            ),
            "Adam's streams": counts.steps * streams / rates.bytes,
            "Adam's roots and divisions": counts.steps * counts.parameters / rates.roots,
            "random words": counts.steps * counts.step_words / rates.words,
        }

    @property
    def pure(self) -> float:
        """Seconds for matrix products and Adam's streams alone."""
        products, evaluations, streams, _, _ = self.seconds().values()
        return (products + evaluations + streams) * self._share

    @property
    def whole(self) -> float:
        """Seconds for all kinds of work, one after the other."""
        return sum(self.seconds().values()) * self._share

    @property
    def overlapped(self) -> float:
        """Seconds for all kinds of work, roots taken while the core waits for the streams."""
        _, _, streams, roots, _ = self.seconds().values()
        return self.whole - min(streams, roots) * self._share

    @property
    def _share(self) -> float:
        return self.trainings / self.cores

    def table(self) -> Table:
        """Each kind of work, and the two floors."""
        rows = [(name, f"{1e3 * taken:.2f}", "") for name, taken in self.seconds().items()]
        rows += [
            (f"**{name}**", f"{1e3 * total / self._share:.2f}", f"{total:.2f}")
            for name, total in (("pure floor", self.pure), ("floor", self.whole))
        ]
        return Table(
            (
                "floor",
                "ms a training, one core",
                f"seconds for {self.trainings}, {self.cores} cores",
            ),
            rows,
        )

    def data(self) -> dict[str, Any]:
        """What goes to the file."""
        return {
            "counts": asdict(self.counts),
            "rates": asdict(self.rates),
            "seconds": self.seconds(),
            "pure": self.pure,
            "whole": self.whole,
            "overlapped": self.overlapped,
        }

    def notes(self) -> list[str]:
        """What the floors are, and the rates behind them."""
        rates = self.rates
        return [
            "Pure floor: matrix products and Adam's streams. Floor: also roots, divisions and "
            "random words, one after the other; with the roots hidden behind the streams it would "
            f"be {self.overlapped:.3g} seconds.",
            f"One core, all at work: {rates.step_flops / 1e9:.3g} GFLOP/s in a step's products, "
            f"{rates.evaluation_flops / 1e9:.3g} in an evaluation's, {rates.bytes / 1e9:.3g} GB/s "
            f"in cache, {rates.roots / 1e9:.3g}·10⁹ roots with a division and "
            f"{rates.words / 1e9:.3g}·10⁹ random words a second.",
        ]


def floor_of(asked: Asked) -> tuple[Floor, Ran]:
    """Measure the rates, with a process on each core, and put the floor together."""
    counts = count(LAYERS, TRAIN_ROWS, VALIDATION_ROWS, SWEEP.batch_size, SWEEP.epochs)
    job = {
        "layers": LAYERS,
        "batch": SWEEP.batch_size,
        "evaluated": TRAIN_ROWS + VALIDATION_ROWS,
        "parameters": counts.parameters,
        "words": round(counts.step_words),
        "seconds": 0.02 if asked.quick else 0.5,
    }
    ran = run(
        [script("probes.floor", asked.folder, {**job, "core": i}) for i in range(cores())],
        environment(asked.folder, devices=1, one_thread=True),
    )
    taken = {name: fmean(one[name] for one in ran.answers) for name in ran.answers[0]}
    rates = Rates(
        step_flops=counts.step_flops / taken["step"],
        evaluation_flops=counts.evaluation_flops / taken["evaluation"],
        bytes=taken["bytes"],
        roots=taken["roots"],
        words=taken["words"],
    )
    return Floor(counts, rates, cores(), TRAININGS), ran
