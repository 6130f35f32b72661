"""Clusters on this machine."""

import pytest

ONE_THREAD = dict.fromkeys(
    ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)


def local_cluster(**options):
    """A cluster of processes that listens on the loopback device only, on ports of its choice."""
    distributed = pytest.importorskip("distributed")
    settings = {"n_workers": 2, "threads_per_worker": 1, "env": ONE_THREAD} | options
    return distributed.LocalCluster(host="127.0.0.1", dashboard_address="127.0.0.1:0", **settings)
