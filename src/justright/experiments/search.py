"""Search strengths, techniques and the network's size for what generalizes best."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from justright.engine.program import CAPACITY, Task
from justright.errors import DataError, ModelError, RecipeError, did_you_mean
from justright.evidence.measure import Measure
from justright.experiments.budget import budget_of
from justright.experiments.choice import WISHES, Wish
from justright.experiments.dimension import Pick
from justright.experiments.explore import Explorer, Settings
from justright.experiments.found import Search, hunted
from justright.experiments.given import Given
from justright.experiments.hunt import Hunt
from justright.experiments.ranges import (
    DEPTHS,
    RATES,
    SOFT_TARGETS,
    WIDTHS,
    cocktail_for,
    ranges_for,
)
from justright.experiments.record import BY, By, Looks, Scale, read_history
from justright.experiments.sampler import Sampler, checked_sampler
from justright.experiments.setup import Setup, Training
from justright.experiments.shapes import Shapes
from justright.experiments.space import RATE, SIZES, Point, Space, Spec, name_of, space_of
from justright.experiments.starts import starts_for
from justright.network.network import Network
from justright.network.optimizer import has_schedule
from justright.network.randomness import random_numbers_kept
from justright.regularizers.learning_rate import ActsOnLearningRate
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.technique import Technique

_LOOKS = 4


@random_numbers_kept()
def search(
    model: Any,
    train: Given,
    *,
    space: Spec | None = None,
    budget: int | str = 100,
    base: Recipe | Technique | None = None,
    seeds: int = 5,
    choose: Wish = "best",
    objective: By | None = None,
    sampler: Sampler = "tpe",
    start: Sequence[Mapping[str, Any]] | None = None,
    prune: bool = True,
    seed: int = 0,
    history: str | Path | None = None,
    progress: bool | None = None,
    **training: Unpack[Training],
) -> Search:
    """Search for the recipe, and without a model for the network, that generalizes best.

    First it explores: a batch of starts that have done well elsewhere, then batches that a
    sampler draws from what it has seen. Trainings that fall behind those of the batches before
    are given up. Then the best of them are trained again with fresh seeds, in rounds of fewer
    and fewer, beside the recipe without regularization: a single figure that was picked from
    many is better than what it promises.

    Args:
        model: a Keras model, or None for dense networks whose width and depth are searched too.
        train: as in `compare`.
        space: what to choose from. Names, as in `["Dropout", "L2", "width"]`, for which usual
            ranges stand ready; or a mapping from `"Dropout.rate"`,
            `"L2.strength[hidden]"`, `"BatchNorm"`, `"learning_rate"`, `"width"`, `"depth"` to
            a range `(low, high)` or to options in a list. A technique may always be left out,
            unless the mapping says `"Dropout": True`. None is a cocktail for tables or for
            images, with the learning rate, and the network's size where no model is given.
        budget: how many trainings to begin, those that are given up included, or a time such
            as `"60s"`. At most 35 % of it is for fresh seeds.
        base: what every recipe has beside the space's techniques.
        seeds: fresh seeds of the last finalists; 0 leaves out the finals.
        choose: `"best"`, or `"smallest gap"` between training and validation among what lies
            within one standard error of the best.
        objective: the validation `"metric"`, the `"loss"`, or `"both"`: their sum, each in units
            of the distance between the best and the median explored. Accuracies of a few rows
            are coarse, and losses say how sure they are. None is both for the best, and the
            metric where the smallest gap is wished for.
        sampler: `"tpe"`, `"random"`, or a function from a seed to one of Optuna's samplers.
        start: points to begin with, as mappings from names to values; None for those that
            ship, an empty list for none. What a point does not name is off.
        prune: whether trainings that fall behind are given up; rows in memory only.
        seed: the same one gives the same search, where the budget counts trainings.
        history: a JSON file that is written after each batch. If it exists already, the
            search goes on from there; the budget counts what it holds.
        progress: whether to show a progress bar; None for where someone watches.
        **training: `validation`, `test`, `epochs` and the others of `compare`; with a `store` the
            same search goes on where it was killed, and one with a larger budget after its end.

    Returns:
        What was found. Ctrl-C ends it early, with the trainings that had ended, and a warning
        says after how many; `resume` and the history go on from there. A second Ctrl-C raises
        KeyboardInterrupt at once.

    Raises:
        DataError: rows, parts, budget or history that cannot be used.
        ModelError: a network that cannot be read or does not fit.
        RecipeError: a space with unknown names, or values that a technique does not take.
        StoreError: a store of another search, or one that cannot be used.

    Source: the cocktail is that of Kadra, Lindauer, Hutter, Grabocka, "Well-tuned simple nets
    excel on tabular datasets", NeurIPS 2021; giving up: Li et al., "A system for massively
    parallel hyperparameter tuning" (ASHA), MLSys 2020, with the rule of successive halving;
    sampling: Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011, as
    Optuna has it.
    """
    asked = budget_of(budget)
    wish = _one_of("choose", choose, WISHES)
    usual: By = "both" if wish == "best" else "metric"
    by = usual if objective is None else _one_of("objective", objective, BY)
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 0:
        raise DataError(f"seeds={seeds!r}: a whole number of at least 0 is wanted.")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise DataError(f"seed={seed!r}: a whole number of at least 0 is wanted.")
    setup = Setup.of(model, train, chooses=True, **training)
    shapes = Shapes(setup, sized=model is None)
    always = Recipe() if base is None else as_recipe(base)
    found = _space(setup, space, always, model is None, callable(training.get("loss")))
    _check_together(setup, found)
    rate = setup.learning_rate
    points = starts_for(found, setup.epochs, rate) if start is None else _points(found, start)
    settings = Settings(found, points, checked_sampler(sampler), wish, seed, bool(prune))
    target = setup.task.objective
    scale = Scale(Measure(target.metric_name, target.higher_is_better), by)
    every = max(1, min(CAPACITY, -(-setup.epochs // _LOOKS)))
    explorer = Explorer(shapes, settings, Looks(scale, every, setup.epochs))
    setup.claim(_settings(settings, scale))
    hunt = Hunt(explorer, seeds, fingerprint(setup, settings, scale), _file(history))
    known = read_history(hunt.history, hunt.task) if hunt.history and hunt.history.exists() else []
    return hunted(hunt, known, asked, progress)


def fingerprint(setup: Setup, settings: Settings, scale: Scale) -> str:
    """A hash of all that a search's numbers follow from: rows, network, space and settings."""
    task = setup.task
    digest = hashlib.sha256()
    for array in task.rows:
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    optimizer = {k: v for k, v in task.optimizer.get_config().items() if k != "name"}
    of = _settings(settings, scale)
    told = (
        str(task.blueprint.key),
        task.objective.key,
        type(task.optimizer).__name__,
        optimizer,
        (task.batch_size, task.shuffle, setup.epochs, callable(setup.start)),
        tuple(of[name] for name in ("space", "base", "start")),
        tuple(of[name] for name in ("sampler", "choose", "seed", "prune", "objective")),
    )
    digest.update(json.dumps(told, sort_keys=True, default=repr).encode())
    return digest.hexdigest()


def _settings(settings: Settings, scale: Scale) -> dict[str, Any]:
    """What a search's points follow from, by name."""
    return {
        "space": str(settings.space),
        "base": repr(settings.space.base),
        "start": settings.start,
        "sampler": settings.sampler if isinstance(settings.sampler, str) else "own",
        "choose": settings.wish,
        "seed": settings.seed,
        "prune": settings.prune,
        "objective": scale.by,
    }


def _space(setup: Setup, spec: Spec | None, base: Recipe, sized: bool, own_loss: bool) -> Space:
    task = setup.task
    ranges, free_rate = ranges_for(setup.epochs), not has_schedule(task.optimizer)
    usual: dict[str, Any] = dict(zip(SIZES, (WIDTHS, DEPTHS), strict=True))
    usual[RATE] = tuple(share * setup.learning_rate for share in RATES)
    if spec is not None:
        return space_of(_with_usual(spec, usual), ranges, base, sized, free_rate)
    row_shape = tuple(task.blueprint.model.input_shape[1:])
    names = cocktail_for(row_shape, task.objective)
    if own_loss:
        names = tuple(name for name in names if name not in SOFT_TARGETS)
    free = {*(SIZES if sized else ()), *((RATE,) if free_rate else ())}
    whole = {name: values for name, values in usual.items() if name in free}
    whole |= dict.fromkeys(_that_act(task, names, ranges))
    return space_of(whole, ranges, base, sized, True)


def _with_usual(spec: Spec, usual: dict[str, Any]) -> Spec:
    """The network's size and the learning rate with their usual values where they are but named."""
    given = spec if isinstance(spec, Mapping) else dict.fromkeys(map(name_of, spec))
    return {name: usual.get(name) if of is None else of for name, of in given.items()}


def _that_act(task: Task, names: Sequence[str], ranges: Any) -> list[str]:
    """The techniques that can act on a network."""
    able = []
    for name in names:
        space = space_of({name: None}, ranges, Recipe(), False, False)
        one = space.ingredients[0]
        if issubclass(one.kind, ActsOnLearningRate) and has_schedule(task.optimizer):
            continue
        try:
            Network(task.blueprint, Recipe(one.technique({})).in_program())
        except (ModelError, RecipeError):
            continue
        able.append(name)
    return able


def _check_together(setup: Setup, space: Space) -> None:
    """Refuse techniques that cannot stand in one recipe, before anything trains."""
    everything = {
        one.name: one.options[-1] if isinstance(one, Pick) else one.high for one in space.dimensions
    }
    recipe = space.recipe(everything)
    recipe.stop_rule()
    if recipe.filling(ActsOnLearningRate) and has_schedule(setup.task.optimizer):
        raise RecipeError(
            "The optimizer has a schedule for its learning rate, and a technique of the space is "
            "another. Give the optimizer a number, or take it out of the space."
        )
    Network(setup.task.blueprint, recipe.in_program())


def _points(space: Space, start: Sequence[Mapping[str, Any]]) -> tuple[Point, ...]:
    known = [one.name for one in space.dimensions]
    for point in start:
        for name in point:
            if name not in known:
                raise RecipeError(
                    f"start names {name!r}, which is not in the space. {did_you_mean(name, known)}"
                )
    return tuple(space.admitted(point) for point in start)


def _file(history: str | Path | None) -> Path | None:
    if history is None:
        return None
    path = Path(history)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise DataError(
            f"history={str(path)!r} is a folder, or in one that does not exist. Name a file."
        )
    return path


def _one_of(name: str, given: Any, known: Sequence[str]) -> Any:
    if given not in known:
        raise DataError(f"{name}={given!r} is not known. {did_you_mean(given, known)}")
    return given
