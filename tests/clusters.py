"""Start a cluster in a process of its own: `python clusters.py dask|ray WORKERS CORES`.

It says the address, and ends with its standard input. Dask's processes and Ray's are forked, which
a process in which JAX runs should not do.
"""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running(kind, workers=2, cores=1):
    """The address of a cluster that runs meanwhile."""
    command = [sys.executable, str(Path(__file__)), kind, str(workers), str(cores)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as process:
        try:
            lines = (line.removeprefix("address ") for line in process.stdout if "address " in line)
            yield next(lines).strip()
        finally:
            process.stdin.close()
            process.wait(60)


def dask(workers, cores):
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=cores, dashboard_address=None, memory_limit=0
    ) as cluster:
        tell(cluster.scheduler_address)


def ray(workers, cores):
    from ray.cluster_utils import Cluster

    node = {"num_cpus": cores, "object_store_memory": 100 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    for _ in range(workers - 1):
        cluster.add_node(**node)
    tell(cluster.address)
    cluster.shutdown()


def tell(address):
    sys.stdout.write(f"address {address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    {"dask": dask, "ray": ray}[sys.argv[1]](*map(int, sys.argv[2:]))
