"""`justright predict`: what a saved network says of the rows of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.cli.common import loading
from justright.cli.ending import Ending
from justright.cli.options import json_option
from justright.cli.shown import visible
from justright.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from justright.experiments.saved import SavedModel

EXAMPLE_COMMANDS = """\b
Examples:
  justright predict heart.keras --data new.csv
  justright predict heart.keras --data new.csv --out predictions.csv
  justright predict heart.keras --data heart.csv --target disease --json
"""


@click.command(epilog=EXAMPLE_COMMANDS, short_help="Predict for the rows of a file.")
@click.argument("model", metavar="MODEL.keras", type=click.Path(path_type=Path))
@click.option(
    "--data",
    required=True,
    metavar="NAME|FILE",
    help="The rows: a CSV or Parquet file with the columns that were trained on, in any order and "
    "among others; or a data set that ships.",
)
@click.option(
    "--target",
    metavar="COLUMN",
    help="A column with the truth, to judge the predictions by; the one that was trained on if it "
    "is there.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the predictions to this CSV file, and not to the output.",
)
@json_option()
def predict(model: Path, data: str, target: str | None, out: Path | None, as_json: bool) -> None:
    """Predict for the rows of a file, with a network that --save has written.

    Preprocessing and the names of classes are in the file; columns are found by name. Prints a
    row of CSV for each row: the prediction, and the probability of each class.
    """
    if out is not None and not out.absolute().parent.is_dir():
        raise DataError(f"--out {out}: there is no folder {out.absolute().parent}.")
    with loading():
        from justright.experiments.saved import SavedModel

        saved = SavedModel.read(model)
        rows, name = _rows(data)
    truth = _truth(saved, rows, target, name)
    predictions = saved.predict(_features(saved, rows, target), name)
    said = [f"{len(predictions)} rows of {name} predicted by {model.name}."]
    if not saved.kind:
        said.append("It holds no preprocessing and no names of classes: rows went in as they are.")
    score = None if truth is None else _score(saved, predictions, truth)
    if score is not None:
        said.append(
            f"{score[0].capitalize()} {score[2]} by the column {score[3]}; new rows will give less "
            "if the network was trained on any of these."
        )
    predictions = _shortest(predictions)
    if out is not None:
        predictions.to_csv(out, index=False)
    if as_json:
        record: dict[str, Any] = {"classes": saved.classes, "table": predictions}
        record["score"] = None if score is None else {score[0]: score[1]}
        files = {"Predictions": out}
        click.echo(Ending("predict", " ".join(said), name, record=record, files=files).as_json())
        return
    if out is None:
        click.echo(predictions.to_csv(index=False), nl=False)
    else:
        said.append(f"Predictions: {out}")
    # The output is for the predictions alone.
    click.echo(visible(" ".join(said)), err=out is None)


def _rows(data: str) -> tuple[pd.DataFrame, str]:
    """The rows of a file or of what ships, and what to call them."""
    import pandas as pd

    from justright.cli.rows import EXAMPLES
    from justright.data.damaged import UNREADABLE, reason_of
    from justright.data.examples import whole_example
    from justright.data.table_file import is_table_file, read_table_file

    if data in EXAMPLES:
        table = whole_example(data)
        frame = pd.DataFrame(table.X, columns=list(table.features))
        return frame.assign(target=table.y), data
    path = Path(data)
    if not path.is_file():
        raise DataError(f"There is no file {data!r}. Check the path.")
    if is_table_file(path):
        return read_table_file(path, least=1), path.name
    try:
        frame = pd.read_csv(path)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path.name} is empty. A header and rows are wanted.") from None
    except (*UNREADABLE, ImportError) as error:
        raise DataError(f"{path.name} cannot be read: {reason_of(error)}") from error
    if frame.empty:
        raise DataError(f"{path.name} has no rows.")
    return frame, path.name


def _shortest(predictions: pd.DataFrame) -> pd.DataFrame:
    """Numbers with as many digits as single precision has, in which networks reckon."""
    import numpy as np

    short = {
        name: predictions[name].astype(np.float32).astype(str).astype(float)
        for name in predictions.columns
        if predictions[name].dtype.kind == "f"
    }
    return predictions.assign(**short)


def _features(saved: SavedModel, rows: pd.DataFrame, target: str | None) -> Any:
    """What goes in: where the network names no columns, all but the target in their order."""
    if saved.columns:
        return rows
    kept = rows.drop(columns=[target] if target else [])
    return kept.drop(columns="target", errors="ignore") if not target else kept


def _truth(
    saved: SavedModel, rows: pd.DataFrame, target: str | None, name: str
) -> pd.Series[Any] | None:
    """The column to judge by, if there is one."""
    from justright.errors import did_you_mean

    if target is not None and target not in rows.columns:
        known = map(str, rows.columns)
        raise DataError(f"{name} has no column {target!r}. {did_you_mean(target, known)}")
    column = target or saved.target
    if not column or column not in rows.columns or column in saved.columns:
        return None
    return rows[column]


def _score(
    saved: SavedModel, predictions: pd.DataFrame, truth: pd.Series[Any]
) -> tuple[str, float, str, str] | None:
    """Name, value, the value in words, and the column: of accuracy or mean absolute error."""
    from justright.evidence.measure import Measure

    if "prediction" not in predictions or truth.isna().any():
        return None
    if saved.classes is None:
        measure = Measure("mean_absolute_error", False)
        value = float((predictions["prediction"] - truth.to_numpy(float)).abs().mean())
    else:
        measure = Measure("accuracy", True)
        same = predictions["prediction"].astype(str).to_numpy() == truth.astype(str).to_numpy()
        value = float(same.mean())
    return measure.words, value, measure.show(value), str(truth.name)
