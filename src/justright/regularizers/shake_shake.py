"""Shake-shake: mix two branches at random, differently forwards and backwards."""

from __future__ import annotations

import jax

from justright.regularizers.branches import ActsOnBranches, Branch, Factors
from justright.regularizers.random import fold_in, uniform
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class ShakeShake(Technique, ActsOnBranches):
    """Give each hidden layer a twin and mix the two at random: y = Px + α·F₁(x) + (1 − α)·F₂(x).

    The gradients of the branches are mixed by another number, β and 1 − β. Prediction
    takes the mean of both. Each row draws its own α and β, anew at each step: the
    paper's "shake-shake-image", its best. It brings skip connections, as
    `SkipConnections(2)` puts them, so hidden layers that are skipped cost twice.

    Args:
        amount: how far α and β reach from ½, in [0, 1]: they are uniform in
            [½ − amount/2, ½ + amount/2]. 1 is the paper's; 0 leaves the network
            with its skip connections as `SkipConnections(2)` has it.

    Raises:
        RecipeError: an amount outside [0, 1], or a network in which no layer can be
            skipped.

    When: there is time for twice the work, and few rows.
    Cost: 1 extra branch in each hidden layer that is skipped.
    Try: `shake_shake=1`

    Source: Gastaldi, "Shake-shake regularization", 2017, equation 2 and section 2.2.
    """

    amount: float = strength(high=1.0, by_layer=False, meaning="a share of the unit interval")

    def branches(self) -> int:
        """The two that are mixed."""
        return 2

    def factors(self, branch: Branch, rows: int, key: jax.Array) -> Factors | None:
        """2α and 2β for the first branch, 2(1 − α) and 2(1 − β) for the second.

        Twice, since a block takes the mean of its branches. Branches beyond the two that are
        mixed keep their weight.
        """
        if branch.number > 1:
            return None
        sign = 1 - 2 * branch.number
        alpha, beta = (2 * uniform(fold_in(key, i), (rows,)) - 1 for i in range(2))
        return 1 + sign * self.amount * alpha, 1 + sign * self.amount * beta
