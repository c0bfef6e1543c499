"""A study in MLflow: a run for the study, and one inside it for each trial."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from justright.exports.extras import extra
from justright.exports.logged import Logged

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_METRICS, _MOST_PARAMETERS = 1000, 100
"""In one call, by MLflow's interface."""


def write_runs(
    trials: Iterable[Logged],
    figure: Figure,
    summary: str,
    save: Callable[[Path], Iterable[Path]],
    experiment: str,
    tracking_uri: str | None,
) -> str:
    """Write the runs; the id of the study's.

    Args:
        trials: with their settings, figures and curves.
        figure, summary: of all.
        save: writes files into a folder, to be kept with the study.
        experiment: its name; made if it is not there.
        tracking_uri: where MLflow keeps runs; its own setting if None.

    Raises:
        DataError: mlflow is missing.
    """
    # MLflow tells its makers what is used, over the network, unless it is told not to.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    tracking = extra("mlflow.tracking", "mlflow", "Logging to MLflow")
    entities = extra("mlflow.entities", "mlflow", "Logging to MLflow")
    client = tracking.MlflowClient(tracking_uri=tracking_uri)
    found = client.get_experiment_by_name(experiment)
    place = found.experiment_id if found else client.create_experiment(experiment)
    study = client.create_run(place, run_name="study").info.run_id
    client.log_figure(study, figure, "curves.png")
    client.log_text(study, summary, "summary.txt")
    with tempfile.TemporaryDirectory() as folder:
        for path in save(Path(folder)):
            client.log_artifact(study, str(path))
    for one in trials:
        _write(client, entities, place, study, one)
    client.set_terminated(study)
    return str(study)


def _write(client: Any, entities: Any, experiment: str, study: str, one: Logged) -> None:
    run = client.create_run(experiment, run_name=one.name, tags={"mlflow.parentRunId": study})
    identity, started = run.info.run_id, run.info.start_time
    parameters = [entities.Param(_name(k), str(v)[:500]) for k, v in one.settings.items()]
    metrics = [
        entities.Metric(_name(name), value, started, epoch)
        for epoch, figures in enumerate(one.epochs, start=1)
        for name, value in figures.items()
    ]
    chosen = one.settings["chosen_epoch"]
    metrics += [
        entities.Metric(_name(f"chosen/{name}"), value, started, chosen)
        for name, value in one.results.items()
    ]
    for start in range(0, len(parameters), _MOST_PARAMETERS):
        client.log_batch(identity, params=parameters[start : start + _MOST_PARAMETERS])
    for start in range(0, len(metrics), _MOST_METRICS):
        client.log_batch(identity, metrics=metrics[start : start + _MOST_METRICS])
    failed = one.settings["outcome"] == "failed"
    client.set_terminated(identity, status="FAILED" if failed else "FINISHED")


def _name(name: str) -> str:
    """A name of the characters that MLflow takes."""
    return re.sub(r"[^\w\-. :/]", "_", name, flags=re.ASCII)
