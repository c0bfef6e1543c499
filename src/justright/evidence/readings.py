"""The evidence of many trainings as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from justright.evidence.curvature import Curvature
from justright.evidence.laplace import Evidence

if TYPE_CHECKING:
    import pandas as pd

Training = tuple[float, int, Evidence | None, Mapping[str, float]]
"""Strength, seed, evidence (None of a training that failed), and losses by name."""


def trainings_table(trainings: Sequence[Training]) -> pd.DataFrame:
    """One row a training, by strength and seed; `StrengthEvidence` says what the columns are."""
    import pandas as pd

    rows = [_row(*training) for training in trainings]
    return pd.DataFrame(rows).sort_values(["strength", "seed"], ignore_index=True)


def layers_table(curvature: Curvature, found: Sequence[Evidence]) -> pd.DataFrame:
    """One row a kernel: kernel, weights, effective, strength; means and medians over trainings."""
    import pandas as pd

    return pd.DataFrame(
        {
            "kernel": curvature.kernels,
            "weights": curvature.weights,
            "effective": np.mean([one.effective for one in found], axis=0),
            "strength": np.median([one.updates for one in found], axis=0),
        }
    )


def _row(
    strength: float, seed: int, found: Evidence | None, losses: Mapping[str, float]
) -> dict[str, float]:
    nan = float("nan")
    if found is None:
        read = dict.fromkeys(
            ("log_evidence", "log_likelihood", "effective", "unsettled", "update", "noise"), nan
        )
    else:
        read = {
            "log_evidence": found.log_evidence,
            "log_likelihood": found.log_likelihood,
            "effective": float(found.effective.sum()),
            "unsettled": found.unsettled,
            "update": found.update,
            "noise": nan if found.noise is None else found.noise,
        }
        read |= {"train_loss": losses["train_loss"], "val_loss": losses.get("val_loss", nan)}
    return {"strength": strength, "seed": seed, **read}
