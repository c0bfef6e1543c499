"""Snapshot ensembles: the networks at the ends of the learning rate's cycles predict together."""

from __future__ import annotations

import jax

from justright.errors import RecipeError
from justright.regularizers.option import option
from justright.regularizers.places import ActsOnEnsemble, Moment
from justright.regularizers.technique import Technique, technique


@technique
class SnapshotEnsemble(Technique, ActsOnEnsemble):
    """Predict with the mean over the networks at the ends of the last cycles of the rate.

    The cycles are those of `WarmRestarts` in the same recipe, the paper's cosine, so that
    the recipe without this one is trained alike, and a verdict tells what averaging alone
    does. Members are complete networks, running statistics of batch normalization
    included, and their probabilities are averaged (numbers, in a regression; logits become
    those of the mean probability). Where the recipe averages weights (`EMA`, `SWA`,
    `Lookahead`), a member has the average at the end of its cycle.

    Between the ends of cycles the network as it is stands in for the one to come, so the
    curves tell at every epoch what would predict if the training ended there: with 3
    members the ends of the last two cycles, and the weights of that epoch. Until there
    are so many, those there are count alike. `EarlyStopping` restores the members of
    the best epoch. Let `epochs` be the end of a cycle. The exported model holds all
    members; `Study.settled` and the logged penalty speak of the newest.

    Args:
        members: how many predict together, a whole number of at least 1. 3 as in the
            published cocktail (Kadra et al. 2021). 1 is the network of the last epoch and
            changes nothing. It is structure: another number is another program.

    Raises:
        RecipeError: a number of members out of range, or a recipe without cycles.

    When: there are epochs for several warm restarts, and predictions may cost as many networks.
    Cost: no extra pass in training; a copy of the weights, and a prediction, for each member.
    Try: `warm_restarts=10:2,snapshot_ensemble`

    Source: Huang, Li, Pleiss, Liu, Hopcroft, Weinberger, "Snapshot ensembles: train 1,
    get M for free", ICLR 2017, section 3.
    """

    members: int = option(default=3, low=1, integer=True)

    def networks(self) -> int:
        """As `members` says."""
        return self.members

    def keeps(self, moment: Moment) -> jax.Array:
        """The network at the end of each cycle."""
        if moment.cycle_ends is None:
            raise RecipeError(
                "SnapshotEnsemble keeps networks at the ends of the learning rate's cycles, and "
                "the recipe has none. Add them, as in WarmRestarts(10, 2) + SnapshotEnsemble("
                f"{self.members})."
            )
        return moment.cycle_ends()
