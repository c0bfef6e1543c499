"""`--save`: a trained network, a script of its recipe, or the study's figures, in a file each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from justright.cli.common import command_line
from justright.cli.shown import visible
from justright.errors import DataError, JustrightError, RecipeError

if TYPE_CHECKING:
    from justright.experiments.found import Search
    from justright.regularizers.recipe import Recipe
    from justright.report.page.page import HasPage
    from justright.study import Study

ENDINGS = {
    ".keras": "Model",
    ".onnx": "ONNX model",
    ".py": "Script",
    ".csv": "Trainings",
    ".parquet": "Trainings",
    ".html": "Report",
}
_NETWORKS = ("Model", "ONNX model", "Script")
_TORCH = ".torch"


@dataclass(frozen=True)
class Saved:
    """What was written.

    Attributes:
        said: which network it is, in words; "" where none was written.
        files: by what they are.
        problems: a sentence for each that could not be written.
    """

    said: str
    files: dict[str, Path]
    problems: tuple[str, ...]


def save_option(what: str) -> Callable[..., Any]:
    """The option `--save FILE`.

    Args:
        what: is written, for the help.
    """
    return click.option(
        "--save",
        type=click.Path(path_type=Path),
        metavar="FILE",
        multiple=True,
        help=f"{what}: .keras, which `justright predict` reads, or .onnx; or a script that trains "
        "it without justright: .py with Keras, .torch.py with PyTorch; or the figures of all "
        "trainings: .csv, .parquet; or a page to explore: .html. Repeatable.",
    )


def report_option() -> Callable[..., Any]:
    """The option `--save FILE` of commands that choose no network to write: a page."""
    return click.option(
        "--save",
        "page",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write a page to explore as well: .html.",
    )


def check_report(path: Path | None) -> None:
    """Find out before the training whether the page can be written.

    Raises:
        DataError: another ending than .html, or no such folder.
    """
    from justright.report.page.page import checked_path

    if path is not None:
        checked_path(path)


def save_report(found: HasPage, path: Path | None) -> dict[str, Path]:
    """Write a page, if one is wanted; what was written, by what it is."""
    return {} if path is None else {ENDINGS[".html"]: found.report(path, command_line())}


def check_save(paths: Sequence[Path], data: str) -> None:
    """Find out before the training whether the files can be written.

    Args:
        paths: of the files.
        data: the rows' file, or the name of what ships.

    Raises:
        DataError: another ending, no such folder, what would replace the rows themselves, or a
            library that is missing.
    """
    for path in paths:
        if path.suffix.lower() not in ENDINGS or not path.absolute().parent.is_dir():
            raise DataError(
                f"--save {path}: name a file in a folder that exists, {', '.join(ENDINGS)}."
            )
        written = [path, path.with_suffix(".npz")] if path.suffix.lower() == ".py" else [path]
        if Path(data).resolve() in [one.resolve() for one in written]:
            raise DataError(f"--save {path} would replace the rows in {data}. Choose another name.")
        if path.suffix.lower() == ".onnx" and find_spec("onnx") is None:
            raise DataError(
                f"--save {path} wants onnx; in justright's folder: pip install '.[onnx]'."
            )


def check_can_be_saved(paths: Sequence[Path], task: Any, data: str) -> None:
    """Refuse rows that are read anew in each epoch: nothing keeps their scale.

    Raises:
        DataError: such rows.
    """
    from justright.cli.rows import Streamed

    networks = [one for one in paths if _kind(one) in _NETWORKS]
    if networks and isinstance(task, Streamed):
        raise DataError(
            f"--save {networks[0]}: a network is saved with its preprocessing from rows in memory, "
            f"and {data} is read anew in each epoch. Leave --save out, or give a CSV file."
        )


def check_scripts(paths: Sequence[Path], recipes: Iterable[Recipe]) -> None:
    """Say before the training which recipes no script can be written of.

    Args:
        paths: of the files.
        recipes: of which the best will be written.

    Raises:
        RecipeError: of none of them one can be written, the plain one aside.
    """
    scripts = [one for one in paths if _kind(one) == "Script"]
    if not scripts:
        return
    from justright.exports.scripts import check_written

    for path in scripts:
        refused = []
        given = [one for one in recipes if one.techniques]
        for recipe in given:
            try:
                check_written(recipe, _framework(path))
            except RecipeError as error:
                refused.append(f"--save {path}, should {recipe} be best: {error}")
        if refused and len(refused) == len(given):
            raise RecipeError(refused[0])
        for one in refused:
            click.echo(visible(one), err=True)


def save_best(study: Study, task: Any, target: str | None, paths: Sequence[Path]) -> Saved:
    """Write the network of the recipe that is best on the validation rows."""
    if not paths:
        return Saved("", {}, ())
    table = study.table.dropna(subset=["val_metric", "val_loss"])
    if table.empty:
        return Saved("", {}, ("Every training failed, so there is nothing to save.",))
    means = table.groupby("recipe", sort=False)["val_metric"].mean()
    name = str(means.idxmax() if study.metric.higher_is_better else means.idxmin())
    trials = table[table["recipe"] == name]
    best = trials.sort_values("val_loss", kind="stable").to_dict("records")[0]
    seed, split = int(best["seed"]), int(best["split"])
    which = f", split {split}" if study.table["split"].nunique() > 1 else ""
    said = f"Saved: {name}, seed {seed}{which}."
    return _all_written(study, study, (name, seed, split), task, target, paths, said)


def save_found(found: Search, task: Any, target: str | None, paths: Sequence[Path]) -> Saved:
    """Train the choice of a search on training and validation rows, and write it.

    A page and figures are of what was trained already.
    """
    if not any(_kind(path) in _NETWORKS for path in paths):
        return _all_written(found, None, ("", 0, 0), task, target, paths, "")
    study = found.refit(progress=False)
    trial = study.recipes[0], int(study.table["seed"].iloc[0]), 0
    said = "Saved: the choice, trained on training and validation rows."
    return _all_written(found, study, trial, task, target, paths, said)


def _all_written(
    whole: Study | Search,
    study: Study | None,
    trial: tuple[str, int, int],
    task: Any,
    target: str | None,
    paths: Sequence[Path],
    said: str,
) -> Saved:
    """Each file; one that cannot be written costs neither the others nor what there is to say."""
    files: dict[str, Path] = {}
    problems = []
    for path in paths:
        try:
            _write(whole, study, trial, task, target, path)
        except (JustrightError, OSError) as error:
            problems.append(f"{path} is not written: {error}")
        else:
            kind = _kind(path)
            files[kind if kind not in files else f"{kind} {path.name}"] = path
    named = any(_kind(one) in _NETWORKS for one in files.values())
    return Saved(said if named else "", files, tuple(problems))


def _framework(path: Path) -> Literal["keras", "torch"]:
    """Of a script, by its name."""
    return "torch" if path.with_suffix("").suffix.lower() == _TORCH else "keras"


def _kind(path: Path) -> str:
    return ENDINGS[path.suffix.lower()]


def _write(
    whole: Study | Search,
    study: Study | None,
    trial: tuple[str, int, int],
    task: Any,
    target: str | None,
    path: Path,
) -> None:
    name, seed, split = trial
    ending = path.suffix.lower()
    if ending == ".html":
        whole.report(path, command_line())
    elif study is None:
        _write_figures(whole, path)
    elif ending == ".keras":
        _write_network(study, trial, task, target, path)
    elif ending == ".onnx":
        study.save_model(path, name, seed, split)
    elif ending == ".py":
        study.save_script(path, name, _framework(path), seed, split)
    else:
        _write_figures(whole, path)


def _write_figures(whole: Study | Search, path: Path) -> None:
    """Of all trainings: a study's with their curves, a search's as its history has them."""
    from justright.exports.tables import write_table
    from justright.study import Study

    if isinstance(whole, Study):
        whole.write(path)
    else:
        write_table(path, whole.history)


def _write_network(
    study: Study, trial: tuple[str, int, int], task: Any, target: str | None, path: Path
) -> None:
    """With its preprocessing, so that `justright predict` takes rows as they come."""
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
