"""What the training rows say of the strength of L2: the result of `evidence_strength`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from justright.regularizers.recipe import Recipe
from justright.study import Study

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class StrengthEvidence:
    """What the training rows say of the strength of L2.

    Attributes:
        strength: λ, in Keras' convention (λ·Σw² on the mean loss).
        recipe: the base with L2 of that strength.
        deviation: of the Gaussian prior that it is, for these rows (and this noise).
        noise: the fitted standard deviation of the targets' noise; None for classes.
        fixed_point: λ that MacKay's update leaves as it is, between the strengths tried; None
            without one.
        trusted: whether nothing speaks against it.
        doubts: when not to trust it, in sentences.
        table: one row a training. Columns: strength, seed, log_evidence (nats), log_likelihood,
            effective (weights that the data decide), unsettled (nats that a Newton step would
            still gain), update (λ after one of MacKay's updates), noise (NaN for classes),
            train_loss, val_loss (NaN without validation rows).
        layers: one row a kernel, at the strength that was trained nearest to the choice, means
            over seeds: kernel, weights, effective, strength (the λ of MacKay's update for this
            kernel alone).
        study: the trainings; the recipes are named after their strengths, `"0.01"`.
    """

    strength: float
    recipe: Recipe
    deviation: float
    noise: float | None
    fixed_point: float | None
    trusted: bool
    doubts: tuple[str, ...]
    table: pd.DataFrame
    layers: pd.DataFrame
    study: Study
    _words: str = field(repr=False)

    def __repr__(self) -> str:
        doubt = "" if self.trusted else ", not to be trusted"
        return f"<StrengthEvidence: L2({self.strength:.3g}){doubt}>"

    @cached_property
    def curve(self) -> pd.DataFrame:
        """The table's means over seeds, one row a strength; log_evidence_error beside them."""
        groups = self.table.drop(columns="seed").groupby("strength", as_index=False)
        curve = groups.mean()
        errors = groups["log_evidence"].sem()["log_evidence"]
        curve.insert(2, "log_evidence_error", errors)
        return curve

    def summary(self) -> str:
        """What the evidence says, and when not to trust it."""
        doubts = ["Not to be trusted:", *self.doubts] if self.doubts else []
        return " ".join([self._words, *doubts])

    def model(self, seed: int | None = None) -> keras.Model:
        """A plain Keras model, trained on all rows with the strength nearest to the choice.

        Args:
            seed: which training; the one with the highest evidence if None.

        Raises:
            DataError: an unknown seed, or one whose training failed.
        """
        good = self.table.dropna(subset="log_evidence")
        strengths = good["strength"].to_numpy(float)
        trained = strengths[np.abs(np.log(strengths / self.strength)).argmin()]
        of_it = good[strengths == trained]
        if seed is None:
            seed = int(of_it["seed"].to_numpy()[of_it["log_evidence"].to_numpy().argmax()])
        return self.study.model(f"{trained:.4g}", seed)

    def plot(self) -> Figure:
        """The log evidence by strength, and the losses below it."""
        from justright.report.evidence import draw_evidence

        return draw_evidence(self.table, self.strength, self.fixed_point)
