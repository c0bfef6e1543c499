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
_SHARE_INSIDE = 0.995


@dataclass(frozen=True)
class Weights:
    """The weights of a recipe, over its runs.

    Attributes:
        shares: of the weights that are not zero, of all weights, (bins,); the outermost bins
            hold what lies beyond them.
        zeros: the share that is exactly zero.
        half: half of the weights lie within ± this.
    """

    shares: np.ndarray
    zeros: float
    half: float

    @property
    def words(self) -> str:
        """In a sentence."""
        zeros = f"; {_percent(self.zeros)} are exactly zero" if self.zeros else ""
        return f"Half of the weights lie within ±{self.half:.3g}{zeros}."


def weights_of(
    named: Mapping[str, Sequence[TrialResult]],
) -> tuple[float, list[Weights | None]]:
    """Histograms of the kernels that predict.

    Args:
        named: trials by recipe.

    Returns:
        How far the bins reach on both sides of 0, and one for each recipe; None without weights.
    """
    drawn = [_drawn(results) for results in named.values()]
    reaches = [
        float(np.quantile(np.abs(some), _SHARE_INSIDE)) for x in drawn if (some := x[x != 0]).size
    ]
    reach = max(reaches, default=1.0)
    return reach, [_histogram(x, reach) if x.size else None for x in drawn]


def thinned(result: TrialResult) -> TrialResult:
    """A result with its curves and so many of its kernels' weights as a picture wants.

    Args:
        result: of a training. Its variables are not kept, so a search of many stays small.
    """
    some = _some(_kernels(result), _KEPT).astype(np.float32)
    curves = result.curves.astype(np.float32)
    return replace(result, curves=curves, values={"kernel": some}, earlier=())


def _drawn(results: Sequence[TrialResult]) -> np.ndarray:
    good = [r for r in results if r.outcome not in (Outcome.FAILED, Outcome.PRUNED)]
    parts = [_some(_kernels(one), _MOST) for one in good]
    return np.concatenate([np.zeros(0), *parts])


def _kernels(result: TrialResult) -> np.ndarray:
    """All weights of the kernels of a trained network, (weights,)."""
    some = [np.ravel(v) for path, v in result.values.items() if is_kernel(path.split("/")[-1])]
    return np.concatenate([np.zeros(0), *some])


def _some(values: np.ndarray, most: int) -> np.ndarray:
    finite = values[np.isfinite(values)]
    return finite[:: -(-len(finite) // most) or 1]


def _histogram(x: np.ndarray, reach: float) -> Weights:
    edges = np.linspace(-reach, reach, BINS + 1)
    counts, _ = np.histogram(np.clip(x[x != 0], -reach, reach), edges)
    return Weights(counts / x.size, float((x == 0).mean()), float(np.median(np.abs(x))))


def _percent(share: float) -> str:
    return "less than 0.1 %" if share < 0.001 else f"{100 * share:.3g} %"
