"""Stochastic depth: rows skip hidden layers at random while training."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from justright.regularizers.branches import ActsOnBranches, Branch, Factors
from justright.regularizers.random import uniform
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class StochasticDepth(Technique, ActsOnBranches):
    """Drop the branches beside skip connections at random: y = Px + b·F(x), b ~ Bernoulli(p).

    It brings skip connections, as `SkipConnections` puts them. Of L blocks, block l
    survives with probability p = 1 − (l/L)·rate, so those near the input are dropped
    less. Prediction multiplies each branch by its p, as in the paper; an exported
    model does that by `keras.layers.Rescaling`. Each row draws its own b, where the
    paper draws one for a batch: the same in expectation, with less noise. All
    branches are computed, so a step is no quicker, and no slower.

    Args:
        rate: with which the last block is dropped, in [0, 1). 0.5 is the paper's; 0
            leaves the network with its skip connections as `SkipConnections` has it.

    Raises:
        RecipeError: a rate outside [0, 1), or a network in which no layer can be
            skipped.

    When: a network is deep, and its later layers overfit.
    Cost: no extra pass; skip connections, as it brings them.
    Try: `stochastic_depth=0.5`

    Source: Huang, Sun, Liu, Sedra, Weinberger, "Deep networks with stochastic
    depth", ECCV 2016, equations 2, 4 and 5.
    """

    rate: float = strength(
        high=1.0, high_included=False, by_layer=False, meaning="a drop probability"
    )

    def branches(self) -> int:
        """One is enough."""
        return 1

    def factors(self, branch: Branch, rows: int, key: jax.Array) -> Factors:
        """1 or 0 for each row, with its gradient; the branches of a block go together."""
        kept = (uniform(key, (rows,)) < survival(self.rate, branch)).astype(jnp.float32)
        return kept, kept

    def expected(self, branch: Branch) -> Any:
        """The probability to survive."""
        return survival(self.rate, branch)


def survival(rate: Any, branch: Branch) -> Any:
    """The probability with which a branch survives: it falls linearly from the input on."""
    return 1 - branch.block / branch.blocks * rate
