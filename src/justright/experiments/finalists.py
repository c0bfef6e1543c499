"""The finalists of a search as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from justright.experiments.choice import gap_of, key_of, standing
from justright.experiments.explore import Explorer
from justright.experiments.record import Record, Scale
from justright.experiments.space import RATE, Point

if TYPE_CHECKING:
    import pandas as pd

_PARTS = {"train": "train", "validation": "val", "test": "test"}


def finalists_table(
    explorer: Explorer, finals: Sequence[Record], choice: Point, scale: Scale
) -> pd.DataFrame:
    """One row a finalist, best first; `Search.finalists` names the columns."""
    import pandas as pd

    by_metric = Scale(scale.measure, "metric")
    rows = []
    for point, _ in standing(finals, scale):
        mine = [one for one in finals if key_of(one.point) == key_of(point)]
        rate = point.get(RATE) or explorer.shapes.setup.learning_rate
        means = {
            part: float(np.mean([one.figures[f"{column}_metric"] for one in mine]))
            for part, column in _PARTS.items()
        }
        rows.append(
            {
                "chosen": key_of(point) == key_of(choice),
                "recipe": str(explorer.settings.space.recipe(point)),
                "network": "-".join(map(str, explorer.shapes.hidden(point) or ())),
                "learning_rate": float(rate),
                "seeds": len(mine),
                **means,
                "gap": float(np.mean([gap_of(one, by_metric) for one in mine])),
            }
        )
    return pd.DataFrame(rows)
