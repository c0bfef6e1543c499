"""justright: the whole sweep in one call; then again, compiled already; then with early stopping.

Also what the other probes need of the sweep: its network, its recipes, and the call.
"""

from __future__ import annotations

import time
from dataclasses import asdict

import keras
from keras.layers import Dense
from peers.job import Answer, Job, Rows, answer, asked, best_of

import justright as jr

PATIENCE = 20
ROUNDS = 2


def recipes(job: Job) -> dict[str, jr.Recipe]:
    return {
        name(rate, strength): jr.Dropout(rate) + jr.L2({"hidden": strength})
        for rate in job.rates
        for strength in job.strengths
    }


def name(rate: float, strength: float) -> str:
    return f"dropout {rate:g}, L2 {strength:g}"


def network(rows: Rows) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input(rows.X.shape[1:]),
            Dense(128, activation="relu"),
            Dense(64, activation="relu"),
            Dense(1, activation="sigmoid"),
        ]
    )


def compare(model: keras.Model, job: Job, rows: Rows, patience: int | None = None) -> jr.Study:
    """Train the sweep, with early stopping where a patience is given."""
    chosen = recipes(job)
    if patience is not None:
        stopping = jr.EarlyStopping(patience=patience)
        chosen = {name: recipe + stopping for name, recipe in chosen.items()}
    return jr.compare(
        model,
        (rows.X, rows.y.astype(int)),
        chosen,
        validation=(rows.X_val, rows.y_val.astype(int)),
        seeds=job.seeds,
        epochs=job.epochs,
        batch_size=job.batch_size,
        optimizer="adam",
    )


def main() -> None:
    job, rows = asked()
    model = network(rows)
    table = compare(model, job, rows).table
    began = time.perf_counter()
    seconds = best_of(ROUNDS, lambda: compare(model, job, rows))
    stopped = best_of(ROUNDS, lambda: compare(model, job, rows, PATIENCE))
    later = time.perf_counter() - began
    chosen = table[table["recipe"] == name(job.rate, job.strength)]
    accuracy = float(chosen["val_metric"].mean())
    answer(**asdict(Answer(len(table), seconds, accuracy, later, stopped)))


if __name__ == "__main__":
    main()
