"""What a search remembers of each training, and the file that it keeps: JSON, and no more."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from justright.data.damaged import DAMAGED
from justright.engine.outcome import Outcome
from justright.engine.trial import CURVES, TrialResult
from justright.errors import DataError
from justright.evidence.measure import Measure
from justright.experiments.space import Point
from justright.report.page.search_explorer import MOST
from justright.report.page.weights import thinned
from justright.whole import is_whole

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
_LOGGED = CURVES[:4]
_FIGURES = (*_LOGGED, "test_loss", "test_metric")
_LARGEST = 1e300
_MAPPINGS = ("figures", "point")
_COUNTS = ("batch", "seed", "split", "epochs_run", "chosen_epoch")
_OUTCOMES = ("finished", "stopped", "failed", "pruned")
By = Literal["both", "metric", "loss"]
BY = ("both", "metric", "loss")


@dataclass(frozen=True)
class Record:
    """One training of a search.

    Attributes:
        stage: whether it explored, or judged a finalist with a fresh seed.
        batch: which batch of the exploration, from 0; of the finals, which round.
        point: what was chosen.
        seed, split: of the training.
        outcome: finished, stopped, pruned or failed.
        epochs_run, chosen_epoch: counted from 1; of a training that was given up, its last.
        figures: train and validation loss and metric at the chosen epoch, and of the test.
        looks: the best score so far at each border that the training reached; lower is better.
        shown: its curves and some of its weights, for a report; None where it comes from a file,
            which has neither, or many trainings are better.
    """

    stage: Literal["explore", "final"]
    batch: int
    point: Point
    seed: int
    split: int
    outcome: str
    epochs_run: int
    chosen_epoch: int
    figures: dict[str, float]
    looks: tuple[float, ...]
    shown: TrialResult | None = field(default=None, compare=False, repr=False)

    @property
    def complete(self) -> bool:
        """Whether it was trained to its end."""
        return self.outcome in ("finished", "stopped")

    def score(self, scale: Scale) -> float:
        """What the search makes small; infinite for a training that failed."""
        if self.outcome == "failed":
            return math.inf
        return float(scale.score(self.figures["val_loss"], self.figures["val_metric"]))


@dataclass(frozen=True)
class Scale:
    """How a validation figure becomes a score, of which lower is better.

    Attributes:
        measure: the metric.
        by: `"metric"`, where equal ones are told apart by their loss; `"loss"`; or `"both"`, their
            sum in the units below.
        units: of metric and loss; 0 where they are not known yet, and the metric alone counts.
    """

    measure: Measure
    by: By
    units: tuple[float, float] = (0.0, 0.0)

    def score(self, loss: Any, metric: Any) -> Any:
        """The score of a figure, or of an array of them."""
        sign = -1 if self.measure.higher_is_better else 1
        metric, loss = sign * np.asarray(metric, float), np.asarray(loss, float)
        if self.by == "loss":
            return loss
        # Accuracies move in steps of a row: a share of less than that decides between equals.
        alone = metric + 1e-5 * np.tanh(loss)
        if self.by == "metric" or not all(self.units):
            return alone
        return alone / self.units[0] + loss / self.units[1]

    def fitted(self, records: Sequence[Record]) -> Scale:
        """With units: the distance between the best and the median of trainings that ended."""
        figures = [one.figures for one in records if one.complete]
        if self.by != "both" or not figures:
            return self
        sign = -1 if self.measure.higher_is_better else 1
        metric = sign * np.array([one["val_metric"] for one in figures])
        loss = np.array([one["val_loss"] for one in figures])
        by_metric, by_loss = (float(np.median(one) - one.min()) for one in (metric, loss))
        return replace(self, units=(by_metric, by_loss))


def record_of(
    result: TrialResult, point: Point, stage: Literal["explore", "final"], batch: int, looks: Looks
) -> Record:
    """What to remember of a training."""
    pruned = result.outcome is Outcome.PRUNED
    chosen = result.epochs_run if pruned else result.chosen_epoch
    failed = result.outcome is Outcome.FAILED
    figures = {
        name: math.nan if failed else float(result.curves[chosen - 1, i])
        for i, name in enumerate(_LOGGED)
    }
    test = (math.nan,) * 2 if pruned or failed else result.test
    return Record(
        stage=stage,
        batch=batch,
        point=point,
        seed=result.trial.seed,
        split=result.trial.split,
        outcome=result.outcome.name.lower(),
        epochs_run=result.epochs_run,
        chosen_epoch=chosen,
        figures=figures | dict(zip(("test_loss", "test_metric"), test, strict=True)),
        looks=() if failed else looks.of(result.curves, ended=not pruned),
        shown=thinned(result),
    )


@dataclass(frozen=True)
class Looks:
    """When running trainings are looked at, and what is read then.

    Attributes:
        scale: of the scores.
        every: epochs between two looks.
        epochs: of a whole training.
    """

    scale: Scale
    every: int
    epochs: int

    def of(self, curves: np.ndarray, ended: bool = False) -> tuple[float, ...]:
        """The best score so far at each look; a training that has stopped keeps its best.

        Args:
            curves: (epochs_run, 5).
            ended: whether it trains no further, for another reason than being given up.
        """
        loss, metric = (curves[:, CURVES.index(name)] for name in ("val_loss", "val_metric"))
        scores = np.minimum.accumulate(self.scale.score(loss, metric))
        last = self.epochs - 1 if ended else len(scores)
        return tuple(
            float(scores[min(epoch, len(scores)) - 1])
            for epoch in range(self.every, min(last, self.epochs - 1) + 1, self.every)
        )


def forget_curves(records: list[Record], plain: Point, scale: Scale) -> None:
    """Let go of what only a report shows of most trainings, so that a long search stays small.

    Once 2,000 that explored have their curves, the 1,000 best keep them.

    Args:
        records: of a search; changed in place.
        plain: the point of the plain recipe, which keeps them as well.
        scale: of the scores.
    """
    held = [i for i, one in enumerate(records) if one.shown and one.stage == "explore"]
    if len(held) <= 2 * MOST:
        return
    ranked = sorted(held, key=lambda i: records[i].score(scale))
    for i in ranked[MOST:]:
        if records[i].point != plain:
            records[i] = replace(records[i], shown=None)


def write_history(path: Path, fingerprint: str, records: Sequence[Record]) -> None:
    """Write a search's history, in one move: a reader finds the old file or the new one."""
    content = {
        "format": FORMAT,
        "task": fingerprint,
        "trainings": [_plain(_written(one)) for one in records],
    }
    beside = path.with_name(f"{path.name}.part")
    beside.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(beside, path)


def read_history(path: Path, fingerprint: str) -> list[Record]:
    """The records of a history file.

    Raises:
        DataError: a file that is none, or of another search.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        task, trainings = content["task"], content["trainings"]
        records = [_record(one) for one in trainings] if content["format"] == FORMAT else []
    except DAMAGED as error:
        raise DataError(
            f"history={str(path)!r} is no history of a search ({error}). Name the file that a "
            "search has written, or one that does not exist yet."
        ) from error
    if content["format"] != FORMAT or task != fingerprint:
        raise DataError(
            f"history={str(path)!r} is of another search: its rows, network, space or settings "
            "differ. Give the same ones, or name another file."
        )
    return records


def history_table(records: Sequence[Record]) -> pd.DataFrame:
    """One row a training, in the order of training."""
    import pandas as pd

    rows = []
    for number, one in enumerate(records):
        row = _written(one)
        figures, point = row.pop("figures"), row.pop("point")
        row.pop("looks")
        rows.append({"training": number, **row, **figures, **point})
    return pd.DataFrame(rows)


def _written(one: Record) -> dict[str, Any]:
    """What is remembered in a file."""
    return {f.name: getattr(one, f.name) for f in dataclasses.fields(one) if f.name != "shown"}


def _record(plain: Any) -> Record:
    """A record as JSON has it.

    Raises:
        KeyError, TypeError, ValueError: something else.
    """
    if not isinstance(plain, dict) or not all(isinstance(plain[one], dict) for one in _MAPPINGS):
        raise TypeError("a training is an object")
    if "shown" in plain:
        raise TypeError("weights are in no history")
    figures = {name: _figure(plain["figures"][name], math.nan) for name in _FIGURES}
    looks = tuple(_figure(one, math.inf) for one in plain["looks"])
    if plain["stage"] not in ("explore", "final") or plain["outcome"] not in _OUTCOMES:
        raise ValueError("a training has a stage and an outcome that there are")
    if not all(is_whole(plain[one]) and 0 <= plain[one] < 2**63 for one in _COUNTS):
        raise ValueError(f"{', '.join(_COUNTS)} are whole numbers")
    for name, value in plain["point"].items():
        for one in (name, value):
            if isinstance(one, str):
                one.encode()  # Half a character of UTF-16 is no text.
        if not isinstance(value, bool | str):
            _figure(value, math.nan)
    return Record(**{**plain, "figures": figures, "looks": looks})


def _figure(value: Any, missing: float) -> float:
    if value is None:
        return missing
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    if not abs(value) < _LARGEST:
        raise ValueError("a number is too large")
    return float(value)


def _plain(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
