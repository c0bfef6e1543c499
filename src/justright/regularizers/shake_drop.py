"""ShakeDrop: disturb the branches beside skip connections, forwards and backwards."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from justright.regularizers.branches import ActsOnBranches, Branch, Factors
from justright.regularizers.random import fold_in, uniform
from justright.regularizers.stochastic_depth import survival
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class ShakeDrop(Technique, ActsOnBranches):
    """Multiply branches by random numbers where stochastic depth would drop them.

    y = Px + (b + α − b·α)·F(x), while the gradient of F is multiplied by b + β − b·β:
    with b ~ Bernoulli(p) = 1 nothing happens, and with b = 0 the branch goes through
    α, uniform in [−1, 1], and its gradient through β, uniform in [0, 1], the paper's
    ranges for networks such as these. p = 1 − (l/L)·rate in block l of L, and
    prediction multiplies by the mean, which is p. Each row draws its own b, α and β
    (the paper's level "image"). It brings skip connections, as `SkipConnections` puts
    them, and costs no further pass. The paper's branches are batch-normalized:
    consider adding `BatchNorm`.

    Args:
        rate: with which the last block is disturbed, in [0, 1). 0.5 is the paper's; 0
            leaves the network with its skip connections as `SkipConnections` has it.

    Raises:
        RecipeError: a rate outside [0, 1), or a network in which no layer can be
            skipped.

    When: a deep network still overfits with stochastic depth.
    Cost: no extra pass; skip connections, as it brings them.
    Try: `shake_drop=0.5`

    Source: Yamada, Iwamura, Akiba, Kise, "ShakeDrop regularization for deep residual
    learning", IEEE Access 7, 2019 (first at ICLR workshops 2018), the definition of
    ShakeDrop with the linear decay rule.
    """

    rate: float = strength(
        high=1.0, high_included=False, by_layer=False, meaning="a disturbance probability"
    )

    def branches(self) -> int:
        """One is enough."""
        return 1

    def factors(self, branch: Branch, rows: int, key: jax.Array) -> Factors:
        """1 for the rows that are left alone, α and β for the others."""
        gate, alpha, beta = (uniform(fold_in(key, i), (rows,)) for i in range(3))
        kept = gate < survival(self.rate, branch)
        return jnp.where(kept, 1, 2 * alpha - 1), jnp.where(kept, 1, beta)

    def expected(self, branch: Branch) -> Any:
        """The mean, p + (1 − p)·E[α] = p."""
        return survival(self.rate, branch)
