"""justright: the whole sweep in one call; then the same call again, compiled already."""

from __future__ import annotations

import time

import keras
from job import Answer, Job, Rows, answer, asked
from keras.layers import Dense

import justright as jr


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


def compare(model: keras.Model, job: Job, rows: Rows) -> jr.Study:
    return jr.compare(
        model,
        (rows.X, rows.y.astype(int)),
        recipes(job),
        validation=(rows.X_val, rows.y_val.astype(int)),
        seeds=job.seeds,
        epochs=job.epochs,
        batch_size=job.batch_size,
        optimizer="adam",
    )


def main() -> None:
    job, rows = asked()
    model = network(rows)
    compare(model, job, rows)
    began = time.perf_counter()
    study = compare(model, job, rows)
    seconds = time.perf_counter() - began
    table = study.table
    chosen = table[table["recipe"] == name(job.rate, job.strength)]
    answer(Answer(len(table), seconds, rounds=2, val_accuracy=chosen["val_metric"].mean()))


if __name__ == "__main__":
    main()
