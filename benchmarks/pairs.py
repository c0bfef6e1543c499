"""Train every pair of techniques in a recipe of its own, and write a record of each as CSV.

The tests hold all pairs in a few large recipes; here each stands alone, so a pair that fails is
named. It takes some seconds a pair, most of which is compilation. Pairs that the record has are
left out, so an ended run goes on, and records of several parts can be put into one file.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations, islice
from pathlib import Path

import jax
import numpy as np

import justright as jr
from justright.engine import program

SIDE = 8
EPOCHS = 2
COLUMNS = ["a", "b", "outcome", "train_loss", "seconds", "said"]


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    count, known = 0, recorded(options.record)
    with options.record.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if not known:
            writer.writeheader()
        for record in records(options.only, options.part, options.of, known):
            writer.writerow(record)
            file.flush()  # What was found stays, should the run be ended.
            # What was compiled is no use to the next pair, and would come to tens of gigabytes.
            program.forget()
            jax.clear_caches()
            count += 1
            if record["outcome"] != "finished":
                print(f"{record['a']} with {record['b']}: {record['outcome']}. {record['said']}")
    print(f"{count} pairs: {options.record}")


def recorded(path: Path) -> set[tuple[str, str]]:
    """The pairs that a file of records has."""
    if not path.exists():
        return set()
    with path.open(newline="", encoding="utf-8") as file:
        return {(one["a"], one["b"]) for one in csv.DictReader(file)}


def records(
    only: Sequence[str] = (),
    part: int = 1,
    of: int = 1,
    known: Collection[tuple[str, str]] = (),
) -> Iterator[dict[str, object]]:
    """One record a pair, of the usual recipe of each technique.

    Args:
        only: keys; pairs of these alone, or all if none are given.
        part, of: every `of`th pair from the `part`th, so that several processes share the work.
        known: pairs to leave out.
    """
    catalog = jr.techniques().set_index("key")
    keys = [key for key in catalog.index if not only or key in only]
    for a, b in islice(combinations(keys, 2), part - 1, None, of):
        if (a, b) in known:
            continue
        yield {"a": a, "b": b, **trained(joined(catalog["example"][a], catalog["example"][b]))}


def joined(*texts: str) -> str:
    """Recipes as one; what several of them need stands in it once."""
    parts = [part for text in texts for part in text.split(",")]
    return ",".join({part.partition("=")[0]: part for part in parts}.values())


def trained(text: str) -> dict[str, object]:
    """What a recipe gives on a few small images: finished, refused (and why), or not finite."""
    from justright.regularizers.text import parse_recipe

    begin = time.perf_counter()
    try:
        study = jr.compare(
            network(), rows(), {"it": parse_recipe(text)}, validation=0.25, seeds=1, epochs=EPOCHS
        )
    except jr.JustrightError as refusal:
        return _record("refused", math.nan, begin, str(refusal))
    loss = float(study.curves["train_loss"].iloc[-1])
    return _record("finished" if math.isfinite(loss) else "not finite", loss, begin, "")


def network() -> object:
    """A convolution, a dense layer and one output."""
    import keras

    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            keras.layers.Conv2D(3, 3, activation="relu", name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation="relu", name="dense"),
            keras.layers.Dense(1, activation="sigmoid", name="out"),
        ]
    )


def rows() -> tuple[np.ndarray, np.ndarray]:
    """Images of noise; the class is the sign of their sum."""
    X = np.random.default_rng(0).normal(size=(64, SIDE, SIDE, 1)).astype(np.float32)
    return X, (X.sum(axis=(1, 2, 3)) > 0).astype(int)


def _record(outcome: str, loss: float, begin: float, said: str) -> dict[str, object]:
    seconds = round(time.perf_counter() - begin, 2)
    return {"outcome": outcome, "train_loss": loss, "seconds": seconds, "said": said}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="keys, such as dropout l2: pairs of these alone")
    parser.add_argument("--record", type=Path, default=Path("pairs.csv"))
    parser.add_argument("--part", type=int, default=1, help="which share of the pairs, from 1")
    parser.add_argument("--of", type=int, default=1, help="how many processes share the pairs")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
