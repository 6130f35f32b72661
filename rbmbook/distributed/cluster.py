"""A cluster of Dask: whether there is one, and how it is given work."""

from collections.abc import Callable, Sequence
from typing import Any

NEEDED = (
    "rb.distributed needs Dask, which is not installed: pip install distributed. On one "
    "machine `rb.fit` does the same, also from files that are larger than its memory"
)


def check(client: Any) -> Any:
    """`client` if it is one of `distributed`, whose calls wait for their results.

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If it is something else.
    """
    try:
        import dask.array  # noqa: F401
        import distributed
    except ImportError as error:
        raise ImportError(NEEDED) from error
    if not isinstance(client, distributed.Client) or client.asynchronous:
        raise TypeError(
            "client: expected a distributed.Client that is not asynchronous, got "
            f"{type(client).__name__}"
        )
    return client


def workers(client: Any) -> list[str]:
    """The addresses of the cluster's workers; ValueError if there are none."""
    found = sorted(client.nthreads())
    if not found:
        raise ValueError("client: expected a cluster with at least one worker, got none")
    return found


def run(
    client: Any,
    function: Callable,
    arguments: Sequence[tuple[Any, ...]],
    homes: Sequence[str],
    names: Sequence[str],
) -> list[Any]:
    """What a function makes of each of several lists of arguments, in their order.

    Parameters
    ----------
    client : Client
    function : callable
        Pure: where a worker dies, Dask calls it again elsewhere.
    arguments : sequence of tuples
    homes : sequence of str
        The worker that each call is for, as long as it lives.
    names : sequence of str
        What each call is called in a note that is added to its exception.

    Raises
    ------
    Exception
        The first one of a call; the others are cancelled then, as they are by an interrupt.
    """
    import dask

    options = {"allow_other_workers": True, "pure": False}
    # parameters are sent with each task on purpose: what is sent ahead is lost with a worker
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
        futures = [
            client.submit(function, *own, workers=[home], **options)
            for own, home in zip(arguments, homes, strict=True)
        ]
    try:
        return client.gather(futures)
    except BaseException as error:
        failed = [name for name, f in zip(names, futures, strict=True) if f.status == "error"]
        for name in failed:
            error.add_note(f"in {name}")
        client.cancel(futures, force=True)
        raise
