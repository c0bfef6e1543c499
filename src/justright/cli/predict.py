"""`justright predict`: what a saved network says of rows, pictures or arrays."""

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

    from justright.cli.to_predict import Rows
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
    metavar="NAME|PATH",
    help="The rows: a table (CSV, Parquet, Arrow) with the columns that were trained on, in any "
    "order and among others; a picture, or a folder of pictures with or without a folder for each "
    "class; arrays, .npz, with or without y; or a data set that ships.",
)
@click.option(
    "--target",
    metavar="COLUMN",
    help="Of a table, a column with the truth, to judge the predictions by; the one that was "
    "trained on if it is there.",
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

    Preprocessing and the names of classes are in the file; columns are found by name, and pictures
    brought to the network's size. Prints a row of CSV for each row: the prediction, and the
    probability of each class; of a picture its file first. Where a file of arrays or a folder has
    train and test parts, it is the test part that is predicted.
    """
    if out is not None and not out.absolute().parent.is_dir():
        raise DataError(f"--out {out}: there is no folder {out.absolute().parent}.")
    with loading():
        from justright.cli.to_predict import rows_of
        from justright.experiments.saved import SavedModel

        saved = SavedModel.read(model)
        rows = rows_of(data, saved, target)
    name, truth = rows.name, rows.truth
    predictions = saved.predict(rows.X, name)
    what = "pictures" if rows.files else "rows"
    count = f"{len(predictions)} {what if len(predictions) != 1 else what[:-1]}"
    said = [f"{count} of {name} predicted by {model.name}.", *rows.told]
    if not saved.kind:
        said.append("It holds no preprocessing and no names of classes: rows went in as they are.")
    score = None if truth is None else _score(saved, predictions, truth)
    if score is not None:
        said.append(
            f"{score[0].capitalize()} {score[2]} by {_whence(rows)}; new {what} will give less "
            "if the network was trained on any of these."
        )
    predictions = _shortest(predictions)
    if rows.files:
        predictions.insert(0, "file", list(rows.files))
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


def _whence(rows: Rows) -> str:
    """What says what rows are."""
    if rows.files:
        return "the names of folders"
    return f"the {rows.truth_is} {rows.truth.name}" if rows.truth is not None else ""


def _shortest(predictions: pd.DataFrame) -> pd.DataFrame:
    """Numbers with as many digits as single precision has, in which networks reckon."""
    import numpy as np

    short = {
        name: predictions[name].astype(np.float32).astype(str).astype(float)
        for name in predictions.columns
        if predictions[name].dtype.kind == "f"
    }
    return predictions.assign(**short)


def _score(
    saved: SavedModel, predictions: pd.DataFrame, truth: pd.Series[Any]
) -> tuple[str, float, str] | None:
    """Name, value, and the value in words: of accuracy or mean absolute error."""
    import pandas as pd

    from justright.evidence.measure import Measure

    if "prediction" not in predictions or truth.isna().any():
        return None
    if saved.classes is None:
        numbers = pd.to_numeric(truth, errors="coerce").to_numpy(float)
        if pd.isna(numbers).any():
            return None
        measure = Measure("mean_absolute_error", False)
        value = float((predictions["prediction"] - numbers).abs().mean())
    else:
        measure = Measure("accuracy", True)
        said = predictions["prediction"]
        if said.dtype.kind in "biuf" and truth.dtype.kind in "biuf":  # 1 and 1.0 are one class.
            same = said.to_numpy() == truth.to_numpy()
        else:
            same = said.astype(str).to_numpy() == truth.astype(str).to_numpy()
        value = float(same.mean())
    return measure.words, value, measure.show(value)
