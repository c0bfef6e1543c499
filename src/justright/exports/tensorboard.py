"""A study in TensorBoard: a run for each trial."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from justright.errors import DataError
from justright.exports.extras import extra
from justright.exports.logged import Logged, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_events(
    folder: str | os.PathLike[str], trials: Iterable[Logged], figure: Figure, summary: str
) -> Path:
    """Write event files: a folder for each trial, and `study` for figure and summary.

    Args:
        folder: made if it is not there.
        trials: with their settings, figures and curves.
        figure: of all.
        summary: in words.

    Raises:
        DataError: tensorboardX is missing, or the folder holds runs already.
    """
    writer_of = extra("tensorboardX", "tensorboard", "Logging to TensorBoard").SummaryWriter
    place = Path(folder)
    if place.exists() and any(place.iterdir()):
        raise DataError(
            f"{str(place)!r} holds something already, and runs of two studies would mix. Name a "
            "new folder."
        )
    with writer_of(str(place / "study")) as writer:
        writer.add_figure("curves", figure, close=False)
        writer.add_text("summary", summary)
    for one in trials:
        with writer_of(str(place / one.folder)) as writer:
            _write(writer, one)
    return place


def _write(writer: Any, one: Logged) -> None:
    for epoch, figures in enumerate(one.epochs, start=1):
        for name, value in figures.items():
            writer.add_scalar(name, value, epoch)
    settings = {plain(name): value for name, value in one.settings.items()}
    results = {f"chosen/{name}": value for name, value in one.results.items()}
    for name, value in results.items():
        writer.add_scalar(name, value, one.settings["chosen_epoch"])
    # SummaryWriter.add_hparams would put them into one more run beside this one.
    summaries = extra("tensorboardX.summary", "tensorboard", "Logging to TensorBoard")
    for summary in summaries.hparams(settings, results):
        writer.file_writer.add_summary(summary)
