"""Keras `fit`, on the backend that KERAS_BACKEND names: a model built anew for each training.

Its training loss and metric are those that `fit` gathers from the batches on the
way: no pass of its own over the training rows, so a little less work than the others.

Tuned: the validation rows go through in one batch, where `fit` would take them in
batches of the training's size.
"""

from __future__ import annotations

import keras
from keras.layers import Dense, Dropout
from keras.regularizers import L2
from peers.job import Job, Rows, time_trainings


def built(job: Job, features: int) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((features,)),
            Dense(128, activation="relu", kernel_regularizer=L2(job.strength)),
            Dropout(job.rate),
            Dense(64, activation="relu", kernel_regularizer=L2(job.strength)),
            Dropout(job.rate),
            Dense(1, activation="sigmoid"),
        ]
    )


def train(job: Job, rows: Rows, seed: int) -> float:
    keras.utils.set_random_seed(seed)
    model = built(job, rows.X.shape[1])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        rows.X,
        rows.y,
        batch_size=job.batch_size,
        epochs=job.epochs,
        validation_data=(rows.X_val, rows.y_val),
        validation_batch_size=len(rows.y_val) if job.tuned else None,
        verbose=0,
    )
    return float(history.history["val_accuracy"][-1])


if __name__ == "__main__":
    time_trainings(train)
