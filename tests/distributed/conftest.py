"""A cluster of two worker processes on this machine, and a limit to how long a test may wait."""

import signal
import threading
import time

import numpy as np
import pytest
from clusters import local_cluster

LIMIT = 600  # seconds for one test: a few, minutes on a busy machine that compiles, a hang for ever


@pytest.fixture(scope="session")
def client():
    """A client of two worker processes, for all tests that leave them as they are."""
    from distributed import Client

    with local_cluster() as cluster, Client(cluster) as client:
        yield client


@pytest.fixture(scope="session")
def alone():
    """A client of one worker process."""
    from distributed import Client

    with local_cluster(n_workers=1) as cluster, Client(cluster) as client:
        yield client


@pytest.fixture(scope="session")
def _mortal():
    from distributed import Client

    with local_cluster() as cluster, Client(cluster) as client:
        yield client


@pytest.fixture
def mortal(_mortal):
    """A client of two worker processes that a test may kill: others come in their place."""
    while len(_mortal.nthreads()) < 2:
        _mortal.cluster.scale(2)  # a cluster gives up one that takes long to start again
        time.sleep(0.2)
    return _mortal


@pytest.fixture(autouse=True)
def limit():
    """Raise TimeoutError in a test that takes too long, where there is such a signal."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_):
        raise TimeoutError(f"a test took more than {LIMIT} s")

    old = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


@pytest.fixture
def data():
    """Ninety rows of bars and stripes, as bytes."""
    import rbmbook as rb

    X = rb.data.bars_and_stripes(4)
    return np.concatenate([X, X, X]).astype(np.uint8)


@pytest.fixture
def save(tmp_path):
    """A function that writes rows to shards of unequal lengths, one of them empty."""

    def save(X, ends=(17, 17, 60)):
        paths = []
        for s, rows in enumerate(np.split(X, ends)):
            paths.append(tmp_path / f"shard{s}.npy")
            np.save(paths[-1], rows)
        return paths

    return save
