"""Tables in memory, whoever made them, as pandas frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from justright.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def is_frame(given: Any) -> bool:
    """Whether this is a table with named columns: of pandas, polars or pyarrow."""
    return hasattr(given, "to_pandas") or (hasattr(given, "iloc") and hasattr(given, "columns"))


def as_frame(given: Any, where: str = "X") -> pd.DataFrame:
    """A table as a pandas frame.

    Args:
        given: a frame of pandas, polars or pyarrow, or an array or lists (rows, columns), whose
            columns are then `x0`, `x1`, ….
        where: what to call it in an error message.

    Raises:
        DataError: no table, or two columns of one name.
    """
    import numpy as np
    import pandas as pd

    if hasattr(given, "toarray"):
        raise DataError(f"{where} is sparse, which is not supported: give {where}.toarray().")
    if not is_frame(given):
        array = np.asarray(given)
        if array.ndim != 2:
            raise DataError(
                f"{where} has shape {array.shape}; a table is wanted, (rows, columns). Reshape "
                "your data: a single column is X.reshape(-1, 1), a single row X.reshape(1, -1)."
            )
        if not array.shape[1]:
            raise DataError(
                f"{where} has 0 feature(s) (shape={array.shape}) while a minimum of 1 is required."
            )
        return pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])
    frame = given if hasattr(given, "iloc") else _to_pandas(given, where)
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{where} has two columns {twice!r}. Give each its own name.")
    return frame.set_axis(names, axis=1)


def _to_pandas(given: Any, where: str) -> pd.DataFrame:
    import pandas as pd

    try:
        return given.to_pandas()
    except ImportError:
        # polars takes the way over pyarrow, which need not be installed.
        return pd.DataFrame({name: given[name].to_list() for name in given.columns})
    except (TypeError, ValueError) as error:
        raise DataError(f"{where} cannot be made a pandas frame: {error}") from error
