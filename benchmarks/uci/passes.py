"""Monte-Carlo dropout: root mean square error and log-likelihood from many passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from justright.engine.keys import mask_draws
from justright.engine.thinned import ThinnedNetworks, Thinner, sampled_masks
from justright.engine.trial import TrialResult
from justright.network.network import Network
from justright.study import Study

AT_ONCE = 200


@dataclass(frozen=True)
class Scores:
    """Test figures in the targets' own unit.

    Attributes:
        rmse: of the mean over the passes.
        likelihood: the mean log-likelihood of the rows, (precisions,).
    """

    rmse: float
    likelihood: np.ndarray


class Passes:
    """Passes with masks drawn anew, for all networks of one structure.

    A mask is of all rows: what a row gets over the passes is drawn as if it had its own.

    Args:
        study: that trained them.
        count: how many passes.
    """

    def __init__(self, study: Study, count: int) -> None:
        self._count = count
        structure = study.results[0].trial.recipe.in_program()
        network = Network(study.task.blueprint, structure)
        self._thinner = Thinner(network, structure, study.task.rows.inputs.shape[1:])

    def draws(self, result: TrialResult, X: np.ndarray) -> Iterator[np.ndarray]:
        """What the passes predict, (passes, rows), some at a time."""
        recipe = result.trial.recipe.in_program()
        networks = ThinnedNetworks(self._thinner, recipe, result.values, X)
        random = mask_draws(result.trial.seed, result.trial.split)
        # Without dropout all passes are alike.
        count = self._count if networks.drop.any() else 1
        for start in range(0, count, AT_ONCE):
            masks = sampled_masks(random, min(AT_ONCE, count - start), networks.drop)
            yield networks.outputs(masks)[..., 0]

    def score(
        self,
        result: TrialResult,
        held: tuple[np.ndarray, np.ndarray],
        scale: float,
        precisions: Sequence[float],
    ) -> Scores:
        """Judge one network.

        Args:
            result: its training.
            held: rows (rows, features) and standardized targets (rows,).
            scale: the deviation by which targets were divided.
            precisions: τ, in the targets' own unit.

        Source: Gal & Ghahramani, ICML 2016, equation 8 of the appendix: the log of the mean
        over the passes of the normal density with precision τ.
        """
        X, y = held
        return scored(self.draws(result, X), y, scale, precisions)


def scored(
    draws: Iterator[np.ndarray], y: np.ndarray, scale: float, precisions: Sequence[float]
) -> Scores:
    """Scores of predictions (passes, rows) that come some at a time; the rest as in `score`."""
    tau = np.asarray(precisions, float)
    total, count, logs = np.zeros(len(y)), 0, np.full((len(tau), len(y)), -np.inf)
    for some in draws:
        total += some.sum(axis=0, dtype=float)
        count += len(some)
        found = _log_sum(jnp.asarray(some), jnp.asarray(y), jnp.asarray(tau * scale**2))
        logs = np.logaddexp(logs, np.asarray(found, float))
    likelihood = logs - np.log(count) + 0.5 * (np.log(tau) - np.log(2 * np.pi))[:, None]
    rmse = scale * np.sqrt(np.mean((total / count - y) ** 2))
    return Scores(float(rmse), likelihood.mean(axis=1))


@jax.jit
def _log_sum(draws: jax.Array, y: jax.Array, precisions: jax.Array) -> jax.Array:
    """The log of the sum over passes of exp(−τ/2·(y − draw)²), (precisions, rows)."""
    squares = jnp.square(draws - y)
    return jax.lax.map(
        lambda tau: jax.nn.logsumexp(-0.5 * tau * squares, axis=0), precisions.astype(jnp.float32)
    )
