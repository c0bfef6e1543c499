"""Train on a table that is larger than what the training holds in memory.

Makes X (rows × features, float32) and y in a temporary folder, trains some lanes on them as
memory maps, and prints what memory the process had of its own (pages of the file that the
system keeps are not counted), and how long a pass took.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from pathlib import Path
from types import TracebackType

import numpy as np
from machine import Watch, describe

import justright as jr

CHUNK = 250_000
MIB = 2**20


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        X, y = make_table(Path(folder), options.rows, options.features)
        size = X.nbytes / MIB
        # Imports and a first small study take memory that has nothing to do with the table.
        compare(options, (X[: options.rows // 20], y[: options.rows // 20]), epochs=1)
        before = anonymous_bytes()
        with Peak() as peak:
            compare(options, (X, y), epochs=1)  # Compiles.
            with Watch() as short:
                compare(options, (X, y), epochs=1)
            with Watch() as whole:
                compare(options, (X, y), epochs=1 + options.epochs)
    epoch = (whole.seconds - short.seconds) / options.epochs
    machine = describe()
    if whole.others is not None:
        print(f"other processes took {whole.others:.0%} of the cores")
    print(f"{machine['cores']} cores, {machine['processor']}, {machine['packages']}")
    print(f"table: {options.rows:,} rows x {options.features} columns, {size:,.0f} MiB")
    print(f"trainings side by side: {2 * options.seeds}, batches of {options.batch_size} rows")
    print(f"memory of its own before, peak: {before / MIB:,.0f}, {peak.bytes / MIB:,.0f} MiB")
    print(
        f"growth: {(peak.bytes - before) / MIB:,.0f} MiB, {(peak.bytes - before) / X.nbytes:.2f} "
        "of the table"
    )
    print(f"an epoch of all trainings: {epoch:.1f} s")
    print(f"the pass before training, and what is left: {short.seconds - epoch:.1f} s")
    print(f"rows of the file per second: {options.rows / epoch:,.0f}")
    print(f"rows trained on per second: {2 * options.seeds * options.rows / epoch:,.0f}")


def make_table(folder: Path, rows: int, features: int) -> tuple[np.ndarray, np.ndarray]:
    """Two files of noisy signs of a sum, as memory maps."""
    rng = np.random.default_rng(0)
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float32, (rows, features))
    y = np.lib.format.open_memmap(folder / "y.npy", "w+", np.int8, (rows,))
    for start in range(0, rows, CHUNK):
        part = rng.normal(size=(min(CHUNK, rows - start), features)).astype(np.float32)
        noise = 2 * rng.normal(size=len(part))
        X[start : start + len(part)] = part
        y[start : start + len(part)] = part.sum(axis=1) + noise > 0
    X.flush()
    y.flush()
    return tuple(np.load(folder / f"{name}.npy", mmap_mode="r") for name in "Xy")


def compare(options: argparse.Namespace, train: object, epochs: int) -> jr.Study:
    import keras  # After justright, which chooses its backend.

    model = keras.Sequential(
        [
            keras.Input((options.features,)),
            keras.layers.Dense(32, activation="relu", name="hidden"),
            keras.layers.Dense(1, activation="sigmoid", name="out"),
        ]
    )
    recipes = {"light": jr.L2(1e-5), "heavy": jr.L2(1e-3)}
    return jr.compare(
        model,
        train,
        recipes,
        validation=0.1,
        seeds=options.seeds,
        epochs=epochs,
        batch_size=options.batch_size,
        progress=False,
    )


class Peak:
    """The most memory of its own that the process has while a block runs."""

    def __init__(self) -> None:
        self.bytes = 0
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Peak:
        self._watch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._ended.wait(0.02):
            self.bytes = max(self.bytes, anonymous_bytes())


def anonymous_bytes() -> int:
    """Resident memory that is not a file's; Linux says it."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("This system does not tell anonymous memory apart; run it on Linux.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--features", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=4, help="of each of two recipes")
    parser.add_argument("--epochs", type=int, default=2, help="to time")
    parser.add_argument("--batch-size", type=int, default=256)
    return parser.parse_args()


if __name__ == "__main__":
    main()
