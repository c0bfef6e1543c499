"""What a user would write in plain Keras for the lesson's picture: two trainings, one figure.

Plain, and dropout 0.4 + L2 0.001, each by `fit` with Keras' own settings. Arguments:
epochs, and where to write the figure.
"""

from __future__ import annotations

import sys

import keras
import matplotlib as mpl
import numpy as np
from keras.layers import Dense, Dropout
from keras.regularizers import L2
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

mpl.use("agg")


def rows() -> tuple[np.ndarray, ...]:
    """80 rows to train on and 489 to validate, X and y of each."""
    X, y = load_breast_cancer(return_X_y=True)
    X, X_val, y, y_val = train_test_split(X, y, train_size=80, stratify=y, random_state=0)
    scaler = StandardScaler().fit(X)
    return scaler.transform(X), y, scaler.transform(X_val), y_val


def built(rate: float, strength: float) -> keras.Model:
    layers = [keras.Input((30,))]
    for units in (128, 64):
        penalty = L2(strength) if strength else None
        layers.append(Dense(units, activation="relu", kernel_regularizer=penalty))
        if rate:
            layers.append(Dropout(rate))
    return keras.Sequential([*layers, Dense(1, activation="sigmoid")])


def trained(model: keras.Model, epochs: int) -> dict[str, list[float]]:
    X, y, X_val, y_val = rows()
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        X, y, batch_size=8, epochs=epochs, validation_data=(X_val, y_val), verbose=0
    )
    return history.history


def main() -> None:
    from matplotlib import pyplot

    epochs, path = int(sys.argv[1]), sys.argv[2]
    keras.utils.set_random_seed(0)
    histories = {
        "plain": trained(built(0.0, 0.0), epochs),
        "dropout + L2": trained(built(0.4, 0.001), epochs),
    }
    figure, panels = pyplot.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    for panel, (name, history) in zip(panels, histories.items(), strict=True):
        panel.plot(history["loss"], label="train")
        panel.plot(history["val_loss"], label="validation")
        panel.set(title=name, xlabel="epoch", ylabel="loss")
        panel.legend()
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
