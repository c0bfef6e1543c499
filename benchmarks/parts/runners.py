"""What the sweep is, and the ways to train it."""

from __future__ import annotations

from dataclasses import dataclass

from machine import cores
from peers.job import Job

SWEEP = Job(
    rates=(0.0, 0.2, 0.4, 0.6),
    strengths=(0.0, 1e-4, 1e-3, 1e-2, 1e-1),
    seeds=10,
    rate=0.4,
    strength=1e-3,
    epochs=200,
    batch_size=8,
)
TRAININGS = len(SWEEP.rates) * len(SWEEP.strengths) * SWEEP.seeds


@dataclass(frozen=True)
class Runner:
    """One way to train the sweep.

    Attributes:
        name: for `--skip`.
        title: for the table.
        module: the script.
        needs: the module without which it cannot run.
        trainings: how many are timed, unless the command line says.
        backend: of Keras.
        tuned: `Job.tuned`.
        spread: whether a process runs on each core, as a user may arrange by hand.
    """

    name: str
    title: str
    module: str
    needs: str
    trainings: int = 1
    backend: str = "jax"
    tuned: bool = False
    spread: bool = False

    @property
    def processes(self) -> int:
        """How many run at a time."""
        return cores() if self.spread else 1


JUSTRIGHT = Runner("justright", "justright", "probes.sweep", "justright")
RUNNERS = (
    JUSTRIGHT,
    Runner("keras-jax", "Keras fit on JAX", "peers.keras_fit", "keras", 2),
    Runner(
        "keras-jax-tuned",
        "Keras fit on JAX, tuned, spread",
        "peers.keras_fit",
        "keras",
        4,
        tuned=True,
        spread=True,
    ),
    Runner("keras-torch", "Keras fit on PyTorch", "peers.keras_fit", "torch", 1, backend="torch"),
    Runner("torch", "PyTorch loop", "peers.torch_loop", "torch", 4),
    Runner(
        "torch-tuned",
        "PyTorch loop, tuned, spread",
        "peers.torch_loop",
        "torch",
        8,
        tuned=True,
        spread=True,
    ),
    Runner("sklearn", "scikit-learn, spread", "peers.sklearn_mlp", "sklearn", 16, spread=True),
)
