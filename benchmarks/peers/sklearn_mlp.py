"""scikit-learn's MLPClassifier: less work than the others.

It has no dropout, and knows no validation rows: it logs its training loss alone.
Its penalty acts on the output's kernel too.
"""

from __future__ import annotations

import warnings

from peers.job import Job, Rows, time_trainings
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier


def train(job: Job, rows: Rows, seed: int) -> float:
    model = MLPClassifier(
        hidden_layer_sizes=(128, 64),
        solver="adam",
        alpha=2 * job.batch_size * job.strength,  # Its penalty is α/(2·batch)·Σw².
        batch_size=job.batch_size,
        max_iter=job.epochs,
        tol=0,
        n_iter_no_change=10**9,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # It trains all its epochs here because it is told never to stop.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows.X, rows.y)
    return float(model.score(rows.X_val, rows.y_val))


if __name__ == "__main__":
    time_trainings(train)
