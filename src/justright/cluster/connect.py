"""The cluster that a user names."""

from __future__ import annotations

from justright.cluster.cluster import Cluster
from justright.errors import DataError, did_you_mean

KINDS = ("dask", "ray")


def connect(asked: str) -> Cluster:
    """The cluster that a user names.

    Args:
        asked: `"dask"` or `"ray"`, or with an address `"dask=tcp://10.0.0.1:8786"`,
            `"ray=10.0.0.1:6379"`.

    Raises:
        DataError: another name, a library that is not installed, or no cluster there.
    """
    kind, _, address = str(asked).partition("=")
    if kind == "dask":
        from justright.cluster.with_dask import DaskCluster

        return DaskCluster(address or None)
    if kind == "ray":
        from justright.cluster.with_ray import RayCluster

        return RayCluster(address or None)
    raise DataError(
        f"workers={asked!r} is no cluster. {did_you_mean(kind, KINDS)} An address goes with it as "
        "in dask=tcp://10.0.0.1:8786 or ray=10.0.0.1:6379."
    )
