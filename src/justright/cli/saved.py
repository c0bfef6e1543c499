"""`--save`: a trained network in a file that `justright predict` reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from justright.errors import DataError

if TYPE_CHECKING:
    from justright.experiments.found import Search
    from justright.study import Study


def save_option(what: str) -> Callable[..., Any]:
    """The option `--save FILE`.

    Args:
        what: is written, for the help.
    """
    return click.option(
        "--save",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"{what} `justright predict FILE` uses it.",
    )


def check_save(path: Path | None) -> None:
    """Find out before the training whether a network can be written.

    Raises:
        DataError: another ending, or no such folder.
    """
    if path is not None and (path.suffix != ".keras" or not path.absolute().parent.is_dir()):
        raise DataError(f"--save {path}: name a .keras file in a folder that exists.")


def check_can_be_saved(path: Path | None, task: Any, data: str) -> None:
    """Refuse rows that are read anew in each epoch: nothing keeps their scale.

    Raises:
        DataError: such rows.
    """
    from justright.cli.rows import Streamed

    if path is not None and isinstance(task, Streamed):
        raise DataError(
            f"--save {path}: a network is saved with its preprocessing from rows in memory, and "
            f"{data} is read anew in each epoch. Leave --save out, or give a CSV file."
        )


def save_best(study: Study, task: Any, target: str | None, path: Path) -> str:
    """Write the network of the recipe that is best on the validation rows.

    Returns:
        Which one that is, in words.
    """
    table = study.table.dropna(subset=["val_metric", "val_loss"])
    if table.empty:
        raise DataError(f"--save {path}: every training failed, so there is no network to write.")
    means = table.groupby("recipe", sort=False)["val_metric"].mean()
    name = str(means.idxmax() if study.metric.higher_is_better else means.idxmin())
    trials = table[table["recipe"] == name]
    best = trials.sort_values("val_loss", kind="stable").to_dict("records")[0]
    seed, split = int(best["seed"]), int(best["split"])
    _write(study, (name, seed, split), task, target, path)
    which = f", split {split}" if study.table["split"].nunique() > 1 else ""
    return f"Saved: {name}, seed {seed}{which}"


def save_found(found: Search, task: Any, target: str | None, path: Path) -> str:
    """Train the choice of a search on training and validation rows, and write it.

    Returns:
        Which one that is, in words.
    """
    study = found.refit(progress=False)
    name = study.recipes[0]
    _write(study, (name, int(study.table["seed"].iloc[0]), 0), task, target, path)
    return "Saved: the choice, trained on training and validation rows"


def _write(
    study: Study, trial: tuple[str, int, int], task: Any, target: str | None, path: Path
) -> None:
    from justright.experiments.saved import SavedModel

    fitted = study.preparations[trial[2]] if study.preparations else None
    preparation = fitted if fitted is not None else getattr(task, "preparation", None)
    # What lines up the columns of several splits holds the transformer that knows their names.
    inner = getattr(preparation, "fitted", preparation)
    columns = getattr(inner, "feature_names_in_", None)
    SavedModel.of(
        study.model(*trial),
        study.task.objective,
        study.features if columns is None else columns,
        target or str(getattr(getattr(task, "table", task), "target", None) or ""),
        preparation,
    ).write(path)
