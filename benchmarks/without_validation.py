"""Does the evidence of the training rows choose the strength that cross-validation would?

For each data set, networks are trained with L2 of several strengths on all folds and seeds, and
once on all rows for `evidence_strength`. Printed are the strength with the lowest cross-validated
loss, that of the evidence, and whether the loss there is within one standard error (over folds)
of the lowest. Without arguments: the sets that scikit-learn ships. With a folder: its tables
(`NAME.csv` or `NAME.csv.gz`, the last column is the target), those that are named.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import KFold, StratifiedKFold

import justright as jr

SHIPPED = ("diabetes", "iris", "wine", "breast_cancer")
STRENGTHS = tuple(float(f"{s:.3g}") for s in np.geomspace(1e-5, 1, 11))
FOLDS, MOST_ROWS = 5, 1000
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    known = options.record is not None and options.record.exists()
    records = json.loads(options.record.read_text(encoding="utf-8")) if known else []
    for name, X, y in _sets(options.folder, options.names):
        if name in [record["set"] for record in records]:
            continue
        record = {"set": name, **judged(X, y, options)}
        records.append(record)
        print(_line(record), flush=True)
        if options.record:
            options.record.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    print(counted(records))
    if options.docs is not None:
        head, _, rest = options.docs.read_text(encoding="utf-8").partition(BEGIN)
        tail = rest.partition(END)[2]
        options.docs.write_text(head + BEGIN + section(records) + END + tail, encoding="utf-8")


def counted(records: Sequence[dict[str, Any]]) -> str:
    """How often the choice was as good as the best."""
    good = sum(record["within"] for record in records)
    trusted = [record for record in records if not record["doubts"]]
    return (
        f"Within one standard error of the best: {good} of {len(records)}; of those without "
        f"doubts, {sum(record['within'] for record in trusted)} of {len(trusted)}."
    )


def section(records: Sequence[dict[str, Any]]) -> str:
    """What docs/strength.md says of the records, between its marks."""
    lines = [
        "| data | rows | λ by cross-validation | loss | λ by evidence | loss | doubts | within |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {one['set']} | {one['rows']:,} | {one['best']:.2g} | {one['best_loss']:.4f} ± "
            f"{one['error']:.4f} | {one['chosen']:.2g} | {one['chosen_loss']:.4f} | "
            f"{'yes' if one['doubts'] else 'no'} | {'yes' if one['within'] else 'no'} |"
            for one in records
        ),
    ]
    return "\n".join(["", "", *lines, "", counted(records), ""])


def judged(X: np.ndarray, y: np.ndarray, options: argparse.Namespace) -> dict[str, Any]:
    """The evidence's choice, and the cross-validated loss at each strength and at the choice."""
    training = {
        "preprocess": "standardize",
        "epochs": options.epochs,
        "seeds": options.seeds,
        "optimizer": "adam",
        "progress": False,
    }
    begin = time.perf_counter()
    found = jr.evidence_strength(
        None, (X, y), strengths=STRENGTHS, curvature=options.curvature, **training
    )
    took = time.perf_counter() - begin
    grid = sorted({*STRENGTHS, found.strength})
    kind = KFold if y.dtype.kind == "f" else StratifiedKFold
    begin = time.perf_counter()
    study = jr.compare(
        None,
        (X, y),
        {str(s): jr.L2(s) for s in grid},
        splits=kind(FOLDS, shuffle=True, random_state=0),
        **training,
    )
    folds = study.table.pivot_table("val_loss", "split", "L2.strength")
    loss = folds.mean()
    best = float(loss[list(STRENGTHS)].idxmin())
    error = float(folds[best].sem())
    return {
        "rows": len(X),
        "best": best,
        "best_loss": float(loss[best]),
        "error": error,
        "chosen": found.strength,
        "chosen_loss": float(loss[found.strength]),
        "loss_at_lowest": float(loss.iloc[0]),
        "fixed_point": found.fixed_point,
        "within": bool(loss[found.strength] <= loss[best] + error),
        "doubts": list(found.doubts),
        "seconds": took,
        "cross_validation_seconds": time.perf_counter() - begin,
        "curve": found.curve.to_dict("list"),
        "losses": loss.to_dict(),
    }


def _line(record: dict[str, Any]) -> str:
    return (
        f"{record['set']:18s} {record['rows']:5d} rows  cross-validation: λ {record['best']:7.2g} "
        f"loss {record['best_loss']:.4f} ± {record['error']:.4f}  evidence: λ "
        f"{record['chosen']:7.2g} loss {record['chosen_loss']:.4f}  "
        f"{'within' if record['within'] else 'beyond'} {'doubts' if record['doubts'] else ''}"
        f"  (without L2 {record['loss_at_lowest']:.4f}; {record['seconds']:.0f} s and "
        f"{record['cross_validation_seconds']:.0f} s)"
    )


def _sets(
    folder: Path | None, names: Sequence[str]
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    if folder is None:
        for name in names or SHIPPED:
            X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
            yield name, *_drawn(X, y)
        return
    files = {path.name.split(".")[0]: path for path in sorted(folder.glob("*.csv*"))}
    for name in names or files:
        table = pd.read_csv(files[name])
        X = pd.get_dummies(table.iloc[:, :-1], dtype=float)
        yield name, *_drawn(X.fillna(X.mean()).to_numpy(float), table.iloc[:, -1].to_numpy())


def _drawn(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most `MOST_ROWS` rows in a random order; numbers to fit have deviation 1."""
    rows = np.random.default_rng(0).permutation(len(X))[:MOST_ROWS]
    X, y = X[rows], y[rows]
    if y.dtype.kind == "f" or (y.dtype.kind in "iu" and len(np.unique(y)) > 20):
        return X, ((y - y.mean()) / y.std()).astype(np.float32)
    return X, np.unique(y.astype(str), return_inverse=True)[1]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of the data sets; all if none are given")
    parser.add_argument("--folder", type=Path, help="of tables")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--curvature", default="kron")
    parser.add_argument("--record", type=Path, help="a JSON file to write, or to go on with")
    parser.add_argument("--docs", type=Path, help="the document whose table it writes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
