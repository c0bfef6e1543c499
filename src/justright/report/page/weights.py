"""What became of the weights: a histogram of the kernels of each recipe, all on the same bins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from justright.engine.outcome import Outcome
from justright.engine.trial import TrialResult
from justright.network.anatomy import is_kernel

BINS = 41
# So many weights of a training are enough for a picture.
_MOST = 50_000
# Of a search, which has many trainings.
_KEPT = 1_000
# No layer's path begins so.
_SAMPLE = "/sample/kernel"
_SHARE_INSIDE = 0.995


@dataclass(frozen=True)
class Weights:
    """The weights of a recipe, over its runs.

    Attributes:
        shares: of the weights that are not zero, of all weights, (bins,); the outermost bins
            hold what lies beyond them.
        zeros: the share that is exactly zero.
        half: half of the weights lie within ± this.
        sample: how many weights this is of, where it is not of all of them; 0 of all.
    """

    shares: np.ndarray
    zeros: float
    half: float
    sample: int = 0

    @property
    def words(self) -> str:
        """In a sentence."""
        if self.half == 0:
            some = f"a sample of {self.sample:,}" if self.sample else "the"
            return f"Of {some} weights {_percent(self.zeros)} are exactly zero."
        zeros = f"; {_percent(self.zeros)} are exactly zero" if self.zeros else ""
        which = f"Of a sample of {self.sample:,} weights half" if self.sample else None
        return f"{which or 'Half of the weights'} lie within ±{self.half:.3g}{zeros}."


def weights_of(
    named: Mapping[str, Sequence[TrialResult]],
) -> tuple[float, list[Weights | None]]:
    """Histograms of the kernels that predict.

    Args:
        named: trials by recipe.

    Returns:
        How far the bins reach on both sides of 0, and one for each recipe; None without weights.
    """
    drawn, samples = zip(*map(_drawn, named.values()), strict=True) if named else ((), ())
    reaches = [
        float(np.quantile(np.abs(some), _SHARE_INSIDE)) for x in drawn if (some := x[x != 0]).size
    ]
    reach = max(reaches, default=1.0)
    return reach, [
        _histogram(x, reach, of_sample) if x.size else None
        for x, of_sample in zip(drawn, samples, strict=True)
    ]


def thinned(result: TrialResult) -> TrialResult:
    """A result with its curves and so many of its kernels' weights as a picture wants.

    Args:
        result: of a training. Its variables are not kept, so a search of many stays small.
    """
    every = _kernels(result)
    some = _some(every, _KEPT).astype(np.float32)
    curves = result.curves.astype(np.float32)
    name = _SAMPLE if len(every) > _KEPT else "kernel"
    return replace(result, curves=curves, values={name: some}, earlier=())


def _drawn(results: Sequence[TrialResult]) -> tuple[np.ndarray, bool]:
    """Weights of some trainings, and whether they are a sample."""
    good = [r for r in results if r.outcome not in (Outcome.FAILED, Outcome.PRUNED)]
    kernels = [_kernels(one) for one in good]
    of_sample = any(_SAMPLE in r.values for r in good) or any(len(x) > _MOST for x in kernels)
    return np.concatenate([np.zeros(0), *(_some(x, _MOST) for x in kernels)]), of_sample


def _kernels(result: TrialResult) -> np.ndarray:
    """All weights of the kernels of a trained network, (weights,)."""
    some = [np.ravel(v) for path, v in result.values.items() if is_kernel(path.split("/")[-1])]
    return np.concatenate([np.zeros(0), *some])


def _some(values: np.ndarray, most: int) -> np.ndarray:
    finite = values[np.isfinite(values)]
    return finite[:: -(-len(finite) // most) or 1]


def _histogram(x: np.ndarray, reach: float, of_sample: bool) -> Weights:
    edges = np.linspace(-reach, reach, BINS + 1)
    counts, _ = np.histogram(np.clip(x[x != 0], -reach, reach), edges)
    zeros, half = float((x == 0).mean()), float(np.median(np.abs(x)))
    return Weights(counts / x.size, zeros, half, x.size if of_sample else 0)


def _percent(share: float) -> str:
    return "less than 0.1 %" if share < 0.001 else f"{100 * share:.3g} %"
