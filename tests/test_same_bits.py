"""The same bits on every processor: states of chains and trained parameters, by their digests.

``same_bits.json`` has a SHA-256 digest of every result. Run it natively, in disguise
(``make elsewhere``), with other numbers of threads and without compilation: the digests stay.
Starts are made of random integers and uniform numbers alone, since a normal deviate or a logarithm
may itself be rounded differently elsewhere. Where a change of the written order is meant,
``python tests/test_same_bits.py`` writes the digests of the plain loops in `naive_bits`, which the
compiled core must then reach.
"""

import hashlib
import json
from itertools import product
from pathlib import Path

import naive_bits as naive
import numba
import numpy as np
import pytest

import rbmbook as rb
from rbmbook import _threads
from rbmbook.machine import rows

FILE = Path(__file__).with_name("same_bits.json")
STORED = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}

DTYPES = {"float32": np.float32, "float64": np.float64}
SIZES = {"small": (12, 9, 40), "large": (99, 60, 400)}  # D, H, rows
PAIRS = (
    ("bits", "bits"),
    ("spins", "bits"),
    ("bits", "spins"),
    ("sites", "bits"),
    ("bits and spins", "bits"),
)
PHASES = {
    "CD-1": (rb.CD(1), {"k": 1, "chains": None}),
    "CD-3": (rb.CD(3), {"k": 3, "chains": None}),
    "PCD-2": (rb.PCD(2, chains=7), {"k": 2, "chains": 7}),
    "PCD-1, many": (rb.PCD(1, chains=200), {"k": 1, "chains": 200}),
    "FPCD-1": (rb.FPCD(1, chains=7), None),
}
OPTIONS = {"plain": {}, "all options": {"momentum": 0.6, "decay": 0.02, "l1": 0.001}}


def layer(kind, columns):
    """The units of a layer, their name in the references, and a function that draws states."""
    half = columns // 2
    if kind == "bits":
        return rb.Bernoulli(), "bernoulli", lambda rng, n: rng.integers(0, 2, (n, columns))
    if kind == "spins":
        return rb.Spin(), "spin", lambda rng, n: 2 * rng.integers(0, 2, (n, columns)) - 1
    if kind == "sites":
        return (
            rb.Softmax(3),
            ("softmax", 3),
            lambda rng, n: np.eye(3)[rng.integers(0, 3, (n, columns // 3))].reshape(n, columns),
        )
    parts = [layer("bits", half), layer("spins", columns - half)]
    widths = half, columns - half
    units = rb.Mixed([(part[0], width) for part, width in zip(parts, widths, strict=True)])
    names = [(part[1], width) for part, width in zip(parts, widths, strict=True)]
    return units, names, lambda rng, n: np.hstack([part[2](rng, n) for part in parts])


class Case:
    """One line of the file: how the package and how plain loops come to the result."""

    def __init__(self, name):
        self.what, pair, self.size, self.dtype, *how = name.split("; ")
        self.D, self.H, self.n = SIZES[self.size]
        self.steps, self.batch_size = (20, 7) if self.size == "small" else (5, 180)
        visible, hidden = pair.split(" × ")
        self.visible, v_name, draw = layer(visible, self.D)
        self.hidden, h_name, _ = layer(hidden, self.H)
        rng, dtype = np.random.default_rng([self.D, self.H]), DTYPES[self.dtype]
        shapes = (self.D, self.H), (self.D,), (self.H,)
        theta = [((rng.random(shape) - 0.5) * 2.0**-1).astype(dtype) for shape in shapes]
        self.machine = (*theta, v_name, h_name)
        self.X = draw(rng, self.n).astype(dtype)
        self.options = {}
        if how:
            weight = {"weight": rng.random(self.n)} if how[0] != "plain" else {}
            self.options = OPTIONS[how[0]] | weight

    def rbm(self):
        return rb.RBM(*self.machine[:3], self.visible, self.hidden)

    def package(self):
        """The arrays that the package ends with."""
        rbm = self.rbm()
        if self.what == "Gibbs":
            return [
                rb.gibbs.run(rbm, self.n, self.steps, 1),
                rb.gibbs.run(rbm, self.X, self.steps, 2),
            ]
        own = {"momentum": 0.0, "decay": 0.0, "l1": 0.0, "weight": None} | self.options
        optimizer = rb.SGD(0.125, own["momentum"])
        options = {"weight_decay": own["decay"], "l1": own["l1"], "sample_weight": own["weight"]}
        options |= {"rng": 3, "progress": False}
        rb.fit(rbm, self.X, PHASES[self.what][0], 3, self.batch_size, optimizer, **options)
        return [rbm.W, rbm.a, rbm.b]

    def loops(self):
        """The same from plain loops; None of a phase that they do not have."""
        if self.what == "Gibbs":
            rngs = np.random.default_rng(1), np.random.default_rng(2)
            starts = zip((self.n, self.X), rngs, strict=True)
            return [naive.gibbs(self.machine, v, self.steps, rng) for v, rng in starts]
        phase = PHASES[self.what][1]
        if phase is None:
            return None
        settings = {"epochs": 3, "size": self.batch_size, "rate": 0.125} | phase | self.options
        return naive.fit(self.machine, self.X, np.random.default_rng(3), **settings)


def names(size):
    """What is computed for every pair of layers and both dtypes."""
    what, options = ["Gibbs", *PHASES], list(OPTIONS)
    if size == "large":
        what, options = ["Gibbs", "CD-1", "PCD-1, many", "FPCD-1"], ["all options"]
    for one, pair, dtype in product(what, PAIRS, DTYPES):
        name = f"{one}; {' × '.join(pair)}; {size}; {dtype}"
        if one == "Gibbs":
            yield name
        else:
            yield from (f"{name}; {how}" for how in options)


def digest(arrays):
    """SHA-256 of the numbers' bytes, the least significant first."""
    found = hashlib.sha256()
    for x in arrays:
        found.update(np.ascontiguousarray(x).astype(x.dtype.newbyteorder("<")).tobytes())
    return found.hexdigest()


def test_every_case_is_stored():
    assert list(STORED) == [*names("small"), *names("large")]
    assert len(set(STORED.values())) == len(STORED) == 150  # no two are alike


@pytest.mark.parametrize("name", list(names("small")))
def test_small_machines_end_in_the_stored_bits(name):
    assert digest(Case(name).package()) == STORED[name]


@pytest.fixture(params=["one", "all"])
def threads(request, monkeypatch):
    """One thread does everything, or all are asked even for little."""
    before = numba.get_num_threads()
    monkeypatch.setattr(_threads, "WORTHWHILE", 0)
    numba.set_num_threads(1 if request.param == "one" else before)
    twins, many = rows.inputs, numba.get_num_threads() > 1
    assert _threads.choose(twins, 1) is (twins.parallel if many else twins.serial)
    yield request.param
    numba.set_num_threads(before)


@pytest.mark.jit
@pytest.mark.parametrize("name", list(names("large")))
def test_large_machines_end_in_the_stored_bits_on_any_number_of_threads(name, threads):
    assert digest(Case(name).package()) == STORED[name]


@pytest.mark.parametrize("name", [*names("small"), *names("large")])
def test_plain_loops_end_in_the_stored_bits(name):
    """The digests are those of the written order, not of one version of the package."""
    found = Case(name).loops()
    if found is not None:
        assert digest(found) == STORED[name]


def test_the_least_bit_changes_a_digest():
    for dtype in DTYPES.values():
        x = np.arange(1, 6, dtype=dtype)
        other = x.copy()
        other[2] = np.nextafter(x[2], dtype(0))
        assert digest([x]) == digest([x.astype(x.dtype.newbyteorder(">"))]) != digest([other])


def written():
    """The digests of the plain loops, and of the package for what they do not have."""
    for name in [*names("small"), *names("large")]:
        case = Case(name)
        found = case.loops()
        yield name, digest(case.package() if found is None else found)


if __name__ == "__main__":
    FILE.write_text(json.dumps(dict(written()), indent=1, ensure_ascii=False) + "\n", "utf-8")
