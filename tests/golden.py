"""A few small studies whose numbers are written down, so that an upgrade cannot change them unseen.

    python tests/golden.py            how far the numbers are from those in golden.json
    python tests/golden.py --renew    writes golden.json anew, with the versions of now

Renew it only when you know why the numbers have moved, and say so in CHANGELOG.md.
"""

import justright as jr  # noqa: I001  First: it chooses the backend before Keras is imported.

import json
import sys
from pathlib import Path

import jax
import keras
import numpy as np

from justright.engine.keys import batch_order_key, initial_weights_seed, shuffled
from justright.engine.trial import CURVES
from justright.engine.versions import present

FILE = Path(__file__).with_name("golden.json")
# Other processors add in another order. Weights moved in their last bit move these figures by up to
# 6e-5 of themselves, a learning rate that is 1 % higher by 4e-3, Adam's epsilon times 10 by 4e-4.
TOLERANCE = 3e-4

RECIPES = {
    "plain": jr.Recipe(),
    "strengths": jr.Dropout({"input": 0.1, "hidden": jr.Linear(0, 0.5, 3)}) + jr.L2(0.01),
    "layers": jr.BatchNorm() + jr.EMA(0.9) + jr.GradientClipping(1.0),
    "zeros": jr.L1(0.01) + jr.Mixup(0.2) + jr.MaxNorm(2.0) + jr.EarlyStopping(1),
}


def network():
    """5 → 8 → 4 → 1 on a smooth activation: a kink would make of rounding a jump."""
    hidden = [keras.layers.Dense(n, activation="tanh", name=f"hidden_{n}") for n in (8, 4)]
    out = keras.layers.Dense(1, activation="sigmoid", name="out")
    return keras.Sequential([keras.Input((5,)), *hidden, out])


def rows(seed, count):
    """Rows of five features whose signs decide; drawn as integers, so the same everywhere."""
    draws = np.random.default_rng(seed).integers(-1000, 1000, size=(count, 6)) / 512
    return draws[:, :5].astype(np.float32), (draws.sum(axis=1) > 0).astype(int)


def compared(**how):
    """The study of the recipes above."""
    return jr.compare(
        network(),
        rows(0, 96),
        RECIPES,
        validation=rows(1, 64),
        test=rows(2, 64),
        **{"seeds": [3], "epochs": 5, "batch_size": 16, "optimizer": keras.optimizers.Adam(0.01)}
        | how,
    )


def measured(study):
    """The figures of each recipe, and what is drawn for its seed."""
    order = shuffled(batch_order_key(3, 0), np.int32(1), np.arange(16, dtype=np.int32))
    with jax.default_device(jax.devices("cpu")[0]):
        draws = {"rows": np.asarray(order).tolist(), "weights": initial_weights_seed(3, 0)}
    figures = {}
    for result in study.results:
        values = result.values.values()
        figures[result.trial.name] = {
            "epochs": result.epochs_run,
            "chosen": result.chosen_epoch,
            # The metrics count rows: one of them is a jump.
            **{
                name: result.curves[:, CURVES.index(name)].tolist()
                for name in ("train_loss", "val_loss", "penalty")
            },
            "test_loss": [result.test[0]],
            # Of all: a bias before a batch normalization is nothing but rounding.
            "norm": [float(np.sqrt(sum((v.astype(float) ** 2).sum() for v in values)))],
        }
    return {"draws": draws, "studies": figures}


def drift(found, wanted):
    """Sentences on what differs by more than the tolerance, and the largest relative difference."""
    said, largest = [], 0.0
    if found["draws"] != wanted["draws"]:
        said.append("The draws of a seed are others: the order of rows or the initial weights.")
    for name, study in wanted["studies"].items():
        for what, then in study.items():
            now = found["studies"][name][what]
            if isinstance(then, int):
                if now != then:
                    said.append(f"{name}: {what} is {now} and was {then}.")
                continue
            a, b = np.array(now), np.array(then)
            if a.shape != b.shape:
                said.append(f"{name}: {what} has {a.shape} numbers and had {b.shape}.")
                continue
            away = np.abs(a - b) / np.maximum(np.abs(b), 1e-3)
            largest = max(largest, float(away.max()))
            if away.max() > TOLERANCE:
                said.append(f"{name}: {what} is {away.max():.1e} of itself away from what it was.")
    return said, largest


def main():
    found = measured(compared(progress=False))
    if "--renew" in sys.argv[1:]:
        content = {"versions": present()._asdict(), **found}
        FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        print(f"Written: {FILE}")
        return
    said, largest = drift(found, json.loads(FILE.read_text(encoding="utf-8")))
    print("\n".join(said) or "No drift.", f"Largest difference: {largest:.1e} of the figure.")


if __name__ == "__main__":
    main()
