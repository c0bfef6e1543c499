"""The breast-cancer example in a file, for the scripts that do without justright."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def save_rows(folder: Path) -> None:
    """Write `rows.npz`, of which `peers.job.Rows` is made."""
    from justright.data.examples import example

    data = example()
    (X, y), (X_val, y_val) = data.train, data.validation
    targets = {"y": y.astype(np.float32), "y_val": y_val.astype(np.float32)}
    np.savez(folder / "rows.npz", X=X, X_val=X_val, **targets)
