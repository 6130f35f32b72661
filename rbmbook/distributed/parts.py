"""The parts into which rows and chains are split, and the sums of what their workers find."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.distributed import cluster, tasks
from rbmbook.distributed.packing import pack, unpack
from rbmbook.distributed.shards import Shards
from rbmbook.distributed.tasks import Local, Phase, Rows
from rbmbook.machine.moments import Moments, of_sums
from rbmbook.machine.rbm import RBM
from rbmbook.training.checkpoint import prefixed
from rbmbook.training.direction import Difference
from rbmbook.training.monitors import Columns
from rbmbook.training.negative import Negative, started


class Parts:
    """What a fit asks of its workers: `training.workers.Workers`.

    Each part has a range of the rows, and its share of the chains. It belongs to no worker: each
    has one where its tasks run by choice, and another will do.

    Parameters
    ----------
    shards : Shards
    count : int ≥ 1
        How many parts there are.
    steps : int ≥ 1
        Updates between two reductions.
    """

    def __init__(self, shards: Shards, count: int, steps: int) -> None:
        n = shards.shape[0]
        self.client, self.count, self.steps = shards.client, count, steps
        self.bounds = np.array([n * p // count for p in range(count + 1)])
        self.pieces = [shards.part(int(self.bounds[p]), int(self.bounds[p + 1])) for p in self]
        homes = cluster.workers(self.client)
        self.homes = [homes[p % len(homes)] for p in self]
        self.names = [
            f"part {p} of {count}, rows {self.bounds[p]} to {self.bounds[p + 1] - 1}" for p in self
        ]

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.count))

    def run(self, function: Callable, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """What a function makes of each part's rows and arguments, in the order of the parts."""
        own = [(pieces, *rest) for pieces, rest in zip(self.pieces, arguments, strict=True)]
        return cluster.run(self.client, function, own, self.homes, self.names)

    def survey(self, rbm: RBM, X: Any, weight: np.ndarray) -> tuple[Columns, bool]:
        """The columns of the data, and whether they are nothing but 0 and 1."""
        found = self.run(tasks.survey, [(rbm, own) for own in self.weights(weight)])
        columns = found[0][0]
        for other, _ in found[1:]:
            columns.merge(other)
        return columns, all(binary for _, binary in found)

    def moments(self, rbm: RBM, weight: np.ndarray) -> Moments:
        """The columns' means and standard deviations, in two passes, as `moments.of_columns`."""
        own, total = self.weights(weight), weight.sum()
        mean = added(self.run(tasks.column_sums, [(rbm, w, total, None) for w in own]))
        variance = added(self.run(tasks.column_sums, [(rbm, w, total, mean) for w in own]))
        return of_sums(mean, variance)

    def weights(self, weight: np.ndarray) -> list[np.ndarray | None]:
        """Those of each part's rows, or None if all rows weigh the same."""
        if (weight == 1).all():
            return [None] * self.count
        return [weight[slice(*self.bounds[p : p + 2])] for p in self]

    def start(self, negative: Negative, rbm: RBM, rng: np.random.Generator) -> "Kept":
        """The chains of each part; with one part, what `Negative.start` makes of the generator."""
        phases, shares = split(negative, self.count)
        key = deepcopy(rng).integers(2**32, size=4)  # of a copy: batches stay those of `rb.fit`
        sources = [rng if p == 0 else noise(key, p, 0) for p in self]
        each = [started(phase, rbm, own) for phase, own in zip(phases, sources, strict=True)]
        return Kept(phases, shares, each, key)

    def difference(self, run: Any, rows: np.ndarray) -> Difference:
        """The sums of what all parts contribute, in the order of the parts."""
        scale = None if run.standard is None else run.standard.rounded
        own = self.rows(run, rows)
        phases = run.kept.phases_at(run.updates, run.rng)
        arguments = [
            (run.trained, mine, phase, scale) for mine, phase in zip(own, phases, strict=True)
        ]
        found = self.run(tasks.difference, arguments)
        run.kept.take([phase for _, phase in found], run.rng)
        first = found[0][0]
        arrays = [(*part.ascent, *part.means) for part, _ in found]
        sums = [added(each) for each in zip(*arrays, strict=True)]
        share = float(run.weight[rows].mean()) if run.weighted else 1.0
        return Difference(first.ascent.like(sums[:-2]), (sums[-2], sums[-1]), share)

    def rows(self, run: Any, rows: np.ndarray) -> list[Rows]:
        """The rows of a batch that each part has."""
        weight = run.weight[rows] if run.weighted else None
        owner = np.searchsorted(self.bounds[1:], rows, side="right")
        counts = np.ones(len(rows)) if weight is None or not weight.any() else weight
        return [
            Rows(
                rows[mine] - self.bounds[p],
                None if weight is None else weight[mine],
                float(counts[mine].sum() / counts.sum()),
            )
            for p, mine in ((p, owner == p) for p in self)
        ]

    def local_steps(self, run: Any, rows: np.ndarray) -> None:
        """Steps of each part's own machine; then their average, by the numbers of their rows."""
        standard = run.standard
        scale = None if standard is None else standard.rounded
        held = None if standard is None else (standard.first_unit, ~standard.varies)
        batches = rows.reshape(-1, min(len(rows), run.batch_size))
        own = list(zip(*(self.rows(run, batch) for batch in batches), strict=True))
        local = Local(
            run.trained, run.direction, run.optimizer, run.optimizer_memory, run.updates, held
        )
        phases = run.kept.phases_at(run.updates, run.rng)
        arguments = [(local, mine, phase, scale) for mine, phase in zip(own, phases, strict=True)]
        found = self.run(tasks.local_steps, arguments)
        run.kept.take([phase for _, phase in found], run.rng)
        shares = np.diff(self.bounds) / self.bounds[-1]
        for target, *each in zip(local.arrays(), *(arrays for arrays, _ in found), strict=True):
            target[...] = added([float(r) * x for r, x in zip(shares, each, strict=True)])

    def settings(self) -> dict[str, Any]:
        """What decides the result."""
        return {"parts": self.count, "local_steps": self.steps}


class Kept:
    """What goes on from one update to the next: each part's chains, and the key of their noise.

    The first part draws from the generator of the fit, as a fit on one machine does; the others
    from generators that are made anew for each update, from the key, the part and the update.
    """

    def __init__(
        self, phases: list[Negative], shares: list[float | None], each: list[Any], key: np.ndarray
    ) -> None:
        self.phases, self.shares, self.each, self.key = phases, shares, each, key

    def memory(self) -> dict[str, np.ndarray]:
        """What a checkpoint has to keep."""
        found = {"key": self.key}
        for p, kept in enumerate(self.each):
            found |= prefixed(f"part{p}", kept)
        return found

    def monitors(self) -> dict[str, float]:
        """The means, over the parts, of what a fit reports of the chains."""
        rows = [kept.monitors() for kept in self.each if kept is not None]
        return (
            {name: float(np.mean([row[name] for row in rows])) for name in rows[0]} if rows else {}
        )

    def phases_at(self, update: int, rng: np.random.Generator) -> list[Phase]:
        """Each part's phase, ready to go."""
        return [
            Phase(
                phase,
                {} if kept is None else pack(kept.memory()),
                rng if p == 0 else noise(self.key, p, update + 1),
                share,
            )
            for p, (phase, kept, share) in enumerate(
                zip(self.phases, self.each, self.shares, strict=True)
            )
        ]

    def take(self, phases: Sequence[Phase], rng: np.random.Generator) -> None:
        """Go on from where the parts' phases ended."""
        rng.bit_generator.state = phases[0].rng.bit_generator.state
        for kept, phase in zip(self.each, phases, strict=True):
            memory = unpack(phase.kept)
            for name, array in ({} if kept is None else kept.memory()).items():
                np.copyto(array, memory[name])


def added(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Their sum, from the left, in an array of its own: what was received may be read-only."""
    total = np.array(arrays[0])
    for x in arrays[1:]:
        total += x
    return total


def noise(key: np.ndarray, part: int, number: int) -> np.random.Generator:
    """The generator of a part for one update; that of number 0 starts its chains."""
    seed = np.random.SeedSequence(key.tolist(), spawn_key=(part, number))
    return np.random.default_rng(seed)


def split(negative: Negative, count: int) -> tuple[list[Negative], list[float | None]]:
    """A negative phase for each part, with its share of the chains, if the phase has chains.

    Raises
    ------
    ValueError
        If there are fewer chains than parts.
    """
    chains = getattr(negative, "chains", None)
    if chains is None:
        return [negative] * count, [None] * count
    if chains < count:
        raise ValueError(
            f"negative: expected at least a chain for each of the {count} parts, got {negative}"
        )
    sizes = [chains * (p + 1) // count - chains * p // count for p in range(count)]
    phases: list[Any] = [replace(negative, chains=size) for size in sizes]  # type: ignore[type-var]
    return phases, [size / chains for size in sizes]


def number_of_parts(parts: Any, client: Any, n_rows: int) -> int:
    """As many as were asked for, or as the cluster has workers; no more than there are rows."""
    if parts is None:
        return min(len(cluster.workers(client)), n_rows)
    return validation.integer("parts", parts, maximum=n_rows)
