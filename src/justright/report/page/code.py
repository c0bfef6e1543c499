"""The code that trains the same again."""

from __future__ import annotations

import ast
import builtins
import inspect
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from justright.data.asked import Asked
from justright.engine.program import Task
from justright.engine.trial import Trial
from justright.network.blueprint import Blueprint
from justright.network.default import DEFAULT_NETWORK, HIDDEN
from justright.regularizers.as_python import recipe_code
from justright.regularizers.grid import Grid
from justright.regularizers.recipe import Recipe


@dataclass(frozen=True)
class Run:
    """What the code trains again.

    Attributes:
        task: network, optimizer and rows.
        trials: the trainings.
        asked: how the rows were asked for; None where nothing says so.
    """

    task: Task
    trials: Sequence[Trial]
    asked: Asked | None


def compare_code(run: Run, recipes: Mapping[str, Recipe]) -> str:
    """A call of `compare` that trains recipes again."""
    lines = [f"    {_text(name)}: {recipe_code(one)}," for name, one in recipes.items()]
    return _script(run, "study = jr.compare", ["{", *lines, "}"], "study")


def sweep_code(
    run: Run,
    over: Mapping[str, Sequence[float]],
    base: Recipe,
    on: str,
) -> str:
    """A call of `sweep` that trains a grid again."""
    values = [
        f'    "{name}": [{", ".join(map(_number, numbers))}],' for name, numbers in over.items()
    ]
    extra = [f"base={recipe_code(base)}"] if base.techniques else []
    arguments = ["over={", *values, "}", *extra, "zero=False", f'on="{on}"']
    return _script(run, "found = jr.sweep", arguments, "found")


def search_code(run: Run, given: Mapping[str, Any]) -> str:
    """A call of `search` that searches again.

    Args:
        run: the task, and a training with its epochs and learning rate.
        given: the arguments that are not usual.
    """
    space = [f"    {_text(name)}: {_value(values)}," for name, values in given["space"].items()]
    others = [
        f"{name}={name if callable(value) else _value(value)}"
        for name, value in given.items()
        if name not in ("space", "seeds")
    ]
    seeds = given.get("seeds", "")
    arguments = ["space={", *space, "}", *others]
    return _script(
        run, "found = jr.search", arguments, "found", seeds=f"seeds={seeds}" * (seeds != "")
    )


def path_code(run: Run, grid: Grid, on: str) -> str:
    """A call of `path` that follows a penalty again.

    Upwards its first training, without the penalty, may have other epochs than the rest.
    """
    points = ", ".join(_number(value) for value in grid.values[0] if value)
    extra = [f"base={recipe_code(grid.base)}"] if grid.base.techniques else []
    name = grid.axes[0].name
    epochs = {bool(trial.recipe.strengths()[name]): trial.epochs for trial in run.trials}
    each = epochs.get(True, epochs[False])
    arguments = [f'"{name}"', f"points=[{points}]", *extra, f"epochs_each={each}"]
    first = epochs.get(False, each)
    return _script(run, "found = jr.path", [*arguments, f'on="{on}"'], "found", first)


def contributions_code(run: Run, recipe: Recipe, orders: int | None) -> str:
    """A call of `contributions` that trains the parts of a recipe again."""
    drawn = [] if orders is None else [f"orders={orders}"]
    arguments = [recipe_code(recipe), *drawn]
    return _script(run, "found = jr.contributions", arguments, "found")


def ensemble_code(run: Run, given: Mapping[str, int]) -> str:
    """A call of `dropout_ensemble`.

    Args:
        run: the trainings.
        given: how many samples, repeats and units, by argument.
    """
    listed = [f"{name}={value}" for name, value in given.items()]
    arguments = [recipe_code(run.trials[0].recipe), *listed]
    return _script(run, "found = jr.dropout_ensemble", arguments, "found")


def network_code(blueprint: Blueprint) -> str:
    """The network as Python: the layers of a sequential one, or else a file to load."""
    model = blueprint.model
    units = [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    if model.name.startswith(DEFAULT_NETWORK) and tuple(units[:-1]) == HIDDEN:
        return "model = None  # justright's own: dense, 128 and 64 units, ReLU"
    calls = [_call(layer) for layer in model.layers[1:]]
    if not blueprint.sequential or None in calls:
        return 'model = keras.models.load_model("network.keras")  # your network, untrained'
    shape = tuple(model.input_shape[1:])
    lines = [f"        {call}," for call in (f"keras.Input({shape})", *filter(None, calls))]
    return "\n".join(["model = keras.Sequential(", "    [", *lines, "    ]", ")"])


def _script(
    run: Run,
    call: str,
    arguments: Sequence[str],
    made: str,
    epochs: int | None = None,
    seeds: str | None = None,
) -> str:
    task, trials = run.task, run.trials
    settings = [
        *_rows(run),
        *filter(None, [_seeds(trials) if seeds is None else seeds]),
        f"epochs={epochs or max(trial.epochs for trial in trials)}",
        f"batch_size={task.batch_size}",
        f"optimizer={optimizer_code(task.optimizer, trials[0].learning_rate)}",
        f'metric="{task.objective.metric_name}"',
        *_loss(task),
        *([] if task.shuffle else ["shuffle=False"]),
    ]
    body = "\n".join(f"    {one}" for one in _closed([*arguments, *settings]))
    imports = ["import justright as jr", "import keras", *(run.asked.imports if run.asked else ())]
    given = "\n".join(imports) + "\n\n"
    trained = (
        f"{network_code(task.blueprint)}\n\n"
        f"{call}(\n    model,\n    train,\n{body}\n)\n"
        f'{made}.report("report.html")\n'
    )
    own = [name for name in _free(given + trained) if name not in _row_names(run)]
    defined = f"# And what else is yours: {', '.join(own)}.\n" if own else ""
    return f"{given}{_rows_wanted(run)}\n{defined}{trained}"


def _seeds(trials: Sequence[Trial]) -> str:
    seeds = list(dict.fromkeys(trial.seed for trial in trials))
    return f"seeds={len(seeds) if seeds == list(range(len(seeds))) else seeds}"


def _free(code: str) -> list[str]:
    """The names that code takes from elsewhere, in order of their first place."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # A field of a technique of one's own may be what Python cannot write.
        return []
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    names.sort(key=lambda node: (node.lineno, node.col_offset))
    imported = [
        one.asname or one.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for one in node.names
    ]
    made = {*imported, *(node.id for node in names if isinstance(node.ctx, ast.Store))}
    free = [node.id for node in names if node.id not in made and not hasattr(builtins, node.id)]
    return list(dict.fromkeys(free))


def _row_names(run: Run) -> set[str]:
    """The names that stand for rows, which their own comment asks for."""
    asked = run.asked.arguments if run.asked else ()
    rows = {"train", "validation", "test", "splits", "rows", "sample_weight"}
    return rows | {name for name, text in asked if name == text}


def _rows(run: Run) -> list[str]:
    """The arguments that say what becomes of the rows."""
    rows = run.task.rows
    if run.asked is not None:
        return [f"{name}={text}" for name, text in run.asked.arguments]
    parts = ["validation", *(["test"] if rows.test.shape[1] else [])]
    given = ["splits=splits, **rows"] if rows.train.shape[0] > 1 else [f"{n}={n}" for n in parts]
    return [*given, *([] if rows.sample_weight is None else ["sample_weight=sample_weight"])]


def _rows_wanted(run: Run) -> str:
    """A comment: which rows the code wants, and how many of them did what."""
    rows = run.task.rows
    parts = {"train": run.task.training_rows, "validation": rows.validation.shape[1]}
    if rows.test.shape[1]:
        parts["test"] = rows.test.shape[1]
    splits = rows.train.shape[0]
    again = f", in {splits} splits" if splits > 1 else ""
    counts = ", ".join(f"{name} {count:,}" for name, count in parts.items())
    if run.asked is None:
        return f"# Put your rows here, divided and prepared as they were ({counts}{again})."
    named = [name for name, text in run.asked.arguments if name == text]
    wanted = ", ".join(["train", *named])
    return f"# Put your rows here: {wanted}. They then are {counts}{again}."


def _closed(lines: Sequence[str]) -> list[str]:
    """Lines of arguments with their commas; those inside of brackets have them."""
    return [one if one.endswith(("{", "[", ",")) else f"{one}," for one in lines]


def _loss(task: Task) -> list[str]:
    loss = task.objective.given_loss
    if loss is None:
        return []
    return [f"loss={_number(loss)}" if isinstance(loss, str) else "loss=loss"]


def optimizer_code(optimizer: keras.optimizers.Optimizer, rate: float) -> str:
    """An optimizer as Python.

    Args:
        optimizer: of Keras.
        rate: its learning rate.
    """
    kind = type(optimizer).__name__
    config, usual = optimizer.get_config(), type(optimizer)().get_config()
    changed = {k: v for k, v in config.items() if k != "name" and v != usual.get(k)}
    scheduled = isinstance(config["learning_rate"], dict)
    # Keras holds it with seven digits.
    changed = {**changed, "learning_rate": config["learning_rate"] if scheduled else float(rate)}
    if any(isinstance(value, dict) for value in changed.values()):
        return f"keras.optimizers.deserialize({keras.optimizers.serialize(optimizer)!r})"
    listed = ", ".join(f"{name}={_number(value)}" for name, value in changed.items())
    return f"keras.optimizers.{kind}({listed})"


def _call(layer: keras.layers.Layer) -> str | None:
    """A layer of Keras as Python; None where its configuration is more than numbers and names."""
    kind = type(layer)
    if not kind.__module__.startswith("keras."):
        return None
    config = layer.get_config()
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    wanted = [
        p.name for p in parameters if p.default is p.empty and p.kind == p.POSITIONAL_OR_KEYWORD
    ]
    if not set(wanted) <= set(config):
        return None
    usual = kind(**{name: config[name] for name in wanted}).get_config()
    own = [k for k, v in config.items() if k not in (*wanted, "name") and v != usual.get(k)]
    if not re.fullmatch(
        r"[a-z0-9_]+_\d+|" + re.escape(usual["name"].rsplit("_", 1)[0]), layer.name
    ):
        own.append("name")
    if any(isinstance(config[name], dict | list) for name in (*wanted, *own)):
        return None
    listed = [_number(config[name]) for name in wanted]
    listed += [f"{name}={_number(config[name])}" for name in own]
    return f"keras.layers.{kind.__name__}({', '.join(listed)})"


def _number(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if not isinstance(value, float):
        return repr(value)
    text = repr(float(f"{value:.7g}"))
    return f'float("{text}")' if text == "inf" else text


def _value(value: Any) -> str:
    """An argument of a search: numbers, names, recipes, and what holds them."""
    if isinstance(value, Recipe):
        return recipe_code(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(k)}: {_value(v)}' for k, v in value.items())}}}"
    if isinstance(value, tuple) and not any(isinstance(one, Mapping) for one in value):
        return f"({', '.join(map(_value, value))})"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return _number(value)


def _text(words: str) -> str:
    # JSON's escapes of what lies beyond 16 bits are two halves, which Python does not join.
    return json.dumps(words, ensure_ascii=False)
