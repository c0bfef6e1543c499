"""Which inputs survive a recipe that makes weights exactly zero: a table and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_MOST_NAMED = 12


def inputs_table(names: Sequence[str], norms: np.ndarray) -> pd.DataFrame:
    """One row an input: input, survives (in how many trials), trials, norm (its mean).

    Args:
        names: of the inputs.
        norms: of the weights that leave each input, (trials, inputs).
    """
    import pandas as pd

    return pd.DataFrame(
        {
            "input": list(names),
            "survives": (norms > 0).sum(axis=0),
            "trials": len(norms),
            "norm": norms.mean(axis=0),
        }
    )


def some_are_out(inputs: pd.DataFrame) -> bool:
    """Whether an input is switched off in any trial."""
    return bool((inputs["survives"] < inputs["trials"]).any())


def inputs_in_words(recipe: str, inputs: pd.DataFrame) -> str:
    """How many inputs a recipe switches off, and which are out in all trials.

    Args:
        recipe: its name.
        inputs: as `inputs_table` gives them.
    """
    trials = int(inputs["trials"].iloc[0])
    out = inputs.loc[inputs["survives"] == 0, "input"]
    some = int(((inputs["survives"] > 0) & (inputs["survives"] < trials)).sum())
    runs = f"all {trials} trials" if trials > 1 else "the one trial"
    said = f"{recipe}: {len(out)} of {len(inputs)} inputs are out in {runs}"
    if len(out):
        more = f" and {len(out) - _MOST_NAMED} more" if len(out) > _MOST_NAMED else ""
        said += f" ({', '.join(out[:_MOST_NAMED])}{more})"
    said += f", {some} more in some of them." if some else "."
    if len(out) == len(inputs):
        said += " So the network says the same of every row, and its accuracy is that of a guess."
    return said
