"""Does `search` beat random search? The same trainings, the same space, the same engine.

    python benchmarks/search.py
    python benchmarks/search.py FOLDER --tables vehicle digits --budget 40
    python benchmarks/search.py FOLDER --out docs/search.json --docs docs/search.md

Each table is divided anew for each repeat: of at most 400 rows 75 % train and 25 % select, and
the rest, at least a fifth of the table, judges. Both searches begin as many trainings. What each
chooses is trained with three more seeds, and the mean of their figures on the rest is compared.
FOLDER holds tables, .csv or .csv.gz, whose last column is the target; without it these are the
tables that scikit-learn ships. The file of results is kept as it goes, and a run that is started
again goes on from it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from findings import Table
from machine import describe
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import justright as jr  # First: it chooses the backend before Keras is imported.
from justright.evidence.estimate import estimate
from justright.experiments.ranges import RATES, TABLE_COCKTAIL

OUT = Path(__file__).parent / "out" / "search.json"
SHIPPED = ("breast_cancer", "diabetes", "digits", "iris", "wine")
JUDGES = range(500, 503)
# Fewer sizes than usual, so that the programs of ten repeats are compiled once.
SIZES = {"width": [64, 256], "depth": [2, 3]}
MOST_CLASSES = 30
FEWEST_OF_A_CLASS = 10
MOST_JUDGES = 5000
HEADING = "## Against random search\n"


def main(arguments: list[str] | None = None) -> int:
    asked = parser().parse_args(arguments)
    results = read(asked.out)
    settings = {"budget": asked.budget, "epochs": asked.epochs, "rows": asked.rows}
    if results.get("settings", settings) != settings:
        print(f"{asked.out} holds other settings: {results['settings']}", file=sys.stderr)
        return 2
    runs = results.setdefault("runs", [])
    done = {(run["table"], run["repeat"]) for run in runs}
    for name, frame in tables(asked.folder, asked.tables):
        for repeat in range(asked.repeats):
            if (name, repeat) in done:
                continue
            runs.append(compared(name, frame, repeat, asked))
            results |= {"settings": settings, "machine": describe()}
            results["date"] = datetime.now(UTC).date().isoformat()
            asked.out.parent.mkdir(parents=True, exist_ok=True)
            asked.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print("\n".join(table(runs).lines()), flush=True)
    if asked.docs is not None:
        text = asked.docs.read_text(encoding="utf-8")
        head, _, _ = text.partition(HEADING)
        asked.docs.write_text(head + HEADING + section(results), encoding="utf-8")
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("folder", type=Path, nargs="?", help="tables; scikit-learn's if not given")
    made.add_argument("--tables", nargs="+", metavar="NAME", help="these alone")
    made.add_argument("--budget", type=int, default=20, help="trainings of each search")
    made.add_argument("--epochs", type=int, default=20)
    made.add_argument("--repeats", type=int, default=10)
    made.add_argument("--rows", type=int, default=400, help="that train and select, at most")
    made.add_argument("--docs", type=Path, help="the document whose last section it writes")
    made.add_argument("--out", type=Path, default=OUT, help="the file of results")
    return made


def tables(folder: Path | None, names: list[str] | None) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each table with its name; the target is the last column."""
    if folder is None:
        for name in names or SHIPPED:
            yield name, shipped(name)
        return
    paths = {path.name.split(".")[0]: path for path in sorted(folder.glob("*.csv*"))}
    for name in names or paths:
        if name != "manifest":
            yield name, pd.read_csv(paths[name])


def shipped(name: str) -> pd.DataFrame:
    from sklearn import datasets

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])]).assign(target=y)


def compared(name: str, frame: pd.DataFrame, repeat: int, asked: Any) -> dict[str, Any]:
    """One repeat of both searches on one table."""
    X, y, is_class = features_and_targets(frame)
    run: dict[str, Any] = {"table": name, "repeat": repeat}
    kept, test = train_test_split(
        np.arange(len(y)),
        train_size=min(asked.rows, 4 * len(y) // 5),
        random_state=repeat,
        stratify=y if is_class else None,
    )
    test = test[:MOST_JUDGES]
    train, validation = train_test_split(
        kept, test_size=0.25, random_state=repeat, stratify=y[kept] if is_class else None
    )
    if not is_class:  # Errors are then in deviations of the target.
        y = ((y - y[train].mean()) / y[train].std()).astype(np.float32)
    ways = {
        "search": {},
        "random": {
            "sampler": "random",
            "objective": "metric",
            "start": [],
            "seeds": 0,
            "prune": False,
        },
    }
    for way, options in ways.items():
        began = time.perf_counter()
        found = jr.search(
            None,
            (X.iloc[train], y[train]),
            validation=(X.iloc[validation], y[validation]),
            test=(X.iloc[test], y[test]),
            preprocess=transformer(X),
            space=space(is_class),
            budget=asked.budget,
            epochs=asked.epochs,
            seed=1000 * repeat,
            progress=False,
            **options,
        )
        took = time.perf_counter() - began
        judged = found.hunt.explorer.judged([(found.point, seed) for seed in JUDGES], 0)
        run["higher_is_better"] = found.measure.higher_is_better
        run[way] = {
            "test": float(np.mean([one.figures["test_metric"] for one in judged])),
            "test_loss": float(np.mean([one.figures["test_loss"] for one in judged])),
            "validation": found.validation.mean,
            "trainings": len(found.records),
            "epochs": int(found.history["epochs_run"].sum()),
            "seconds": round(took, 2),
            "recipe": str(found.recipe),
            "hidden": list(found.hidden or ()),
            "learning_rate": found.learning_rate,
        }
    print(
        f"{name} {repeat}: search {run['search']['test']:.4f}, random {run['random']['test']:.4f}",
        flush=True,
    )
    return run


def space(is_class: bool) -> dict[str, Any]:
    """The usual cocktail, the usual learning rates, and a few sizes."""
    smooth = ("LabelSmoothing",) if is_class else ()
    names = (*TABLE_COCKTAIL, *smooth, "BatchNorm", "EarlyStopping")
    rate = tuple(share * 1e-3 for share in RATES)
    return {**SIZES, "learning_rate": rate, **dict.fromkeys(names)}


def features_and_targets(frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, bool]:
    """Features, targets, and whether these are classes; classes of a few rows are left out."""
    y = frame.iloc[:, -1]
    is_class = y.dtype.kind not in "f" and y.nunique() <= MOST_CLASSES
    if is_class:
        frame = frame[y.map(y.value_counts()) >= FEWEST_OF_A_CLASS]
    y = frame.iloc[:, -1]
    codes = pd.factorize(y, sort=True)[0] if is_class else y.to_numpy(np.float64)
    return frame.iloc[:, :-1].reset_index(drop=True), codes, is_class


def transformer(X: pd.DataFrame) -> ColumnTransformer:
    """Numbers are imputed and standardized, text is one-hot; fitted on the training rows."""
    numbers = [c for c in X if X[c].dtype.kind in "iufb"]
    words = [c for c in X if c not in numbers]
    levels = [sorted(X[c].dropna().unique()) for c in words]
    one_hot = OneHotEncoder(categories=levels, handle_unknown="ignore", sparse_output=False)
    scaled = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    return ColumnTransformer([("numbers", scaled, numbers), ("words", one_hot, words)])


def table(runs: list[dict[str, Any]]) -> Table:
    """Data set by data set: test figures, their mean difference with its interval, and wins."""
    lines = []
    for name in dict.fromkeys(run["table"] for run in runs):
        mine = [run for run in runs if run["table"] == name]
        one = difference(mine)
        search, random = (np.mean([run[w]["test"] for run in mine]) for w in ("search", "random"))
        epochs = [np.sum([run[w]["epochs"] for run in mine]) for w in ("search", "random")]
        lines.append(
            (
                f"{name} ({'accuracy' if mine[0]['higher_is_better'] else 'error'})",
                f"{search:.4f}",
                f"{random:.4f}",
                f"{one['mean']:+.4f} ({one['low']:+.4f} to {one['high']:+.4f})",
                f"{one['wins']} of {len(mine)}",
                f"{epochs[0] / epochs[1]:.2f}",
            )
        )
    heads = ("table", "search", "random", "better by (95 %)", "wins", "epochs, ratio")
    return Table(heads, lines)


def section(results: dict[str, Any]) -> str:
    """The last section of docs/search.md, made of the numbers."""
    runs, settings = results["runs"], results["settings"]
    names = list(dict.fromkeys(run["table"] for run in runs))
    ends = [difference([run for run in runs if run["table"] == name]) for name in names]
    better, worse = (sum(test(one) for one in ends) for test in (is_better, is_worse))
    return f"""
`python benchmarks/search.py` compares the two at {settings["budget"]} trainings of
{settings["epochs"]} epochs, with the same space and the same engine. Random search has no
starts, gives nothing up, and chooses the best validation metric. Of at most
{settings["rows"]} rows of a table 75 % train and 25 % select, drawn anew for each repeat; the
other rows judge what each has chosen, with three fresh seeds. The interval is Student's t over
the repeats.

{chr(10).join(table(runs).lines())}

The search is shown to be better on {better} of {len(names)} tables, worse on {worse}; its mean
is better on {sum(one["mean"] > 0 for one in ends)}. A table counts as shown when its interval
does not hold zero. [search.json](search.json) has every repeat. These tables have had no part in
the choice of the starts; kr-vs-kp has had one in weighing the metric against the loss. Widths are
64 and 256 here and depths 2 and 3, so that the programs of all repeats are compiled once.
"""


def is_better(one: dict[str, float]) -> bool:
    return one["low"] > 0


def is_worse(one: dict[str, float]) -> bool:
    return one["high"] < 0


def difference(runs: list[dict[str, Any]]) -> dict[str, float]:
    """By how much the search's choice is better on test rows than random search's."""
    sign = 1 if runs[0]["higher_is_better"] else -1
    gains = np.array([sign * (run["search"]["test"] - run["random"]["test"]) for run in runs])
    interval = estimate(gains).interval()
    wins = int((gains > 0).sum())
    return {"mean": interval.mean, "low": interval.low, "high": interval.high, "wins": wins}


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


if __name__ == "__main__":
    sys.exit(main())
