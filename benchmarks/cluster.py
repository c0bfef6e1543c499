"""What a block of trials costs on a cluster, and what a second worker brings.

    python benchmarks/cluster.py
    python benchmarks/cluster.py --quick --kinds dask

First what travels and what the driver does, network by network: bytes, and milliseconds a result
with and without a store. Then the same study on one worker and on two, each with one core: at
first, when workers have just started and compile, and again. Ratios of one run say something,
seconds of a busy machine do not.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
from machine import describe

import justright as jr  # First: it chooses the backend before Keras is imported.
from justright.cluster.connect import connect
from justright.cluster.worker import Block, Common, on_host, without_rows
from justright.engine.program import forget
from justright.engine.trial import TrialResult
from justright.experiments.setup import Setup

ROOT = Path(__file__).parents[1]
NETWORKS = {"128-64": (128, 64), "512-512": (512, 512), "2048-2048": (2048, 2048)}
RECIPE = jr.Dropout(0.2) + jr.L2(1e-4)
MEGA = 1e6


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", nargs="*", default=["dask", "ray"], choices=["dask", "ray"])
    parser.add_argument("--quick", action="store_true", help="only see that everything runs")
    parser.add_argument("--skip-costs", action="store_true", help="scaling alone")
    asked = parser.parse_args(arguments)
    # What was compiled by another process would hide what compiling costs.
    os.environ["JUSTRIGHT_CACHE"] = "off"
    print({k: v for k, v in describe().items() if k != "packages"})
    if not asked.skip_costs:
        for name in list(NETWORKS)[: 1 if asked.quick else None]:
            tell(name, costs(NETWORKS[name], 2 if asked.quick else 4))
    for kind in asked.kinds:
        tell(kind, scaling(kind, 4 if asked.quick else 400, 2 if asked.quick else 100))
    return 0


def tell(name: str, figures: dict[str, float]) -> None:
    width = max(map(len, figures))
    print(f"\n{name}")
    for what, figure in figures.items():
        print(f"  {what:<{width}}  {figure:10.3f}", flush=True)


def rows() -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(0)
    X = draws.normal(size=(1000, 30)).astype(np.float32)
    return X, (X[:, 0] + draws.normal(size=1000) > 0).astype(int)


def costs(units: tuple[int, ...], seeds: int) -> dict[str, float]:
    """What travels of a task, a block and a result, and what the driver does for a result."""
    epochs = 5
    how: dict[str, Any] = {"epochs": epochs, "batch_size": 32, "validation": 0.25}
    setup = Setup.of(units, rows(), **how)
    trials = setup.trials("both", RECIPE, range(seeds))
    forget()
    first = seconds_of(lambda: setup.train(trials[:1], progress=False))
    again = seconds_of(lambda: setup.train(trials[:1], progress=False))
    results = setup.train(trials, progress=False).results
    common = Common(without_rows(setup.task), setup.start)
    block = Block("", "", "", "", tuple(trials), "cpu", 4, "map", 1, False, None)
    packed = [cloudpickle.dumps(one) for one in results]
    with tempfile.TemporaryDirectory() as folder:
        stored = Setup.of(units, rows(), **how, store=Path(folder) / "study.jr")
        with stored.kept() as journal:
            writing = seconds_of(lambda: journal.border(results, (), _layout()))
    return {
        "weights, thousands": setup.task.blueprint.model.count_params() / 1e3,
        "network, optimizer, loss: MB a worker": len(cloudpickle.dumps(common)) / MEGA,
        "and s to write them": seconds_of(lambda: cloudpickle.dumps(common)),
        "rows: MB a worker": len(cloudpickle.dumps(on_host(setup.task.rows))) / MEGA,
        "task: kB a trial": len(cloudpickle.dumps(block)) / len(trials) / 1e3,
        "result: MB": sum(map(len, packed)) / len(packed) / MEGA,
        "driver: ms a result, to read it": each(lambda: reading(packed), packed),
        "driver: ms a result, with a store": 1e3 * writing / len(results),
        "first training less the second (compiling): s": first - again,
        f"a training of {epochs} epochs alone: s": again,
    }


def _layout() -> Any:
    from justright.engine.layout import choose_layout

    return choose_layout(1, 1)


def reading(packed: list[bytes]) -> list[TrialResult]:
    return [cloudpickle.loads(one) for one in packed]


def each(act: Any, of: list[Any]) -> float:
    return 1e3 * seconds_of(act) / len(of)


def seconds_of(act: Any) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def scaling(kind: str, seeds: int, epochs: int) -> dict[str, float]:
    """Seconds of one study on one worker and on two, and their ratios."""
    how: dict[str, Any] = {"seeds": seeds, "epochs": epochs, "batch_size": 8, "progress": False}
    task = jr.example("breast_cancer")
    train, validation = (task.train[0][:80], task.train[1][:80]), task.validation
    how["validation"] = validation
    seconds, shares = {}, {}
    for workers in (1, 2):
        with clusters().running(kind, workers) as address:
            for again in ("first", "again"):
                at_work: list[float] = []
                with listening(type(connect(f"{kind}={address}")), at_work):
                    seconds[workers, again] = seconds_of(
                        lambda where=f"{kind}={address}": jr.compare(
                            (128, 64), train, {"both": RECIPE}, workers=where, **how
                        )
                    )
                shares[workers, again] = sum(at_work) / (workers * seconds[workers, again])
        if kind == "ray":
            import ray

            ray.shutdown()
    return {
        **{f"{n} worker{'s' * (n > 1)}, {when}: s": s for (n, when), s in seconds.items()},
        **{
            f"{n} worker{'s' * (n > 1)}, {when}: share of their time in blocks": share
            for (n, when), share in shares.items()
        },
        "one over two, first": seconds[1, "first"] / seconds[2, "first"],
        "one over two, again": seconds[1, "again"] / seconds[2, "again"],
    }


@contextmanager
def listening(kind: Any, at_work: list[float]) -> Iterator[None]:
    """Add up the seconds that blocks took."""
    ended = kind.ended

    def heard(self: Any, seconds: float) -> Iterator[Any]:
        for worker, done in ended(self, seconds):
            at_work.append(done.seconds if done else 0.0)
            yield worker, done

    kind.ended = heard
    try:
        yield
    finally:
        kind.ended = ended


def clusters() -> Any:
    """The module with which tests start clusters."""
    spec = importlib.util.spec_from_file_location("clusters", ROOT / "tests" / "clusters.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError("tests/clusters.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
