"""Threads: who shares out work and who does not, after forks and beside other threads; the bits.

Each test runs in a process of its own, which must end in time: what goes wrong here kills the
process, or never ends.
"""

import importlib.metadata
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.jit

LAYERS = ["tbb", "omp", "workqueue"]
THREADS = "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"

# A fit that is shared out as a larger one would be; `asked` has the answers of `_many`, one for
# each piece of work that is large enough.
FIT = """
import hashlib, multiprocessing, os, signal, sys, threading
from concurrent.futures import ProcessPoolExecutor
import numba, numpy as np
import rbmbook as rb
from rbmbook import _threads

many, asked = _threads._many, []
_threads.WORTHWHILE = 1_000_000

def noted():
    asked.append(many())
    return asked[-1]

_threads._many = noted
X = (np.random.default_rng(0).random((200, 200)) < 0.3).astype(np.uint8)

def digest(*arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(x).tobytes() for x in arrays)).hexdigest()

def fit(seed):
    rbm = rb.RBM.random(200, 100, rng=seed)
    rb.fit(rbm, X, negative=rb.CD(1), epochs=1, batch_size=50, rng=seed, progress=False)
    return digest(*rbm.parameters)
"""

START = """
try:
    _threads._layer_is_ready()
    numba.get_num_threads()
except ValueError as missing:  # Numba's word for a layer that is not there
    print("missing:", *str(missing).split())
    sys.exit()
bits = [fit(seed) for seed in range(4)]
assert asked and all(asked), "nothing was shared out"
asked.clear()
print(numba.threading_layer(), flush=True)
"""


def python(code, **environment):
    """Run code in a new interpreter with two threads and return the lines that it printed."""
    settings = {name: text for name, text in os.environ.items() if not name.startswith("NUMBA_T")}
    settings |= dict.fromkeys(THREADS, "2") | environment
    done = subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr}"
    return done.stdout.splitlines()


def after_a_fit(layer, code):
    """What code prints after fits that were shared out in this threading layer."""
    first, *lines = python(FIT + START + code, NUMBA_THREADING_LAYER=layer)
    if first.startswith("missing:"):
        pytest.skip(f"Numba has no threading layer {layer!r} here; {first}")
    assert first == layer
    return lines


FORK = """
child = os.fork()
if child == 0:
    signal.alarm(200)
    same = [fit(seed) for seed in range(2)] == bits[:2]
    os._exit(0 if same and asked and not any(asked) else 3)
_, status = os.waitpid(child, 0)
print("fork", status)
asked.clear()

def work(seed):
    signal.alarm(200)
    return fit(seed), asked

with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
    for seed, (found, answers) in enumerate(pool.map(work, range(4))):
        print("pool", found == bits[seed], len(answers) > 0, any(answers))
print("parent", fit(0) == bits[0], all(asked))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("layer", LAYERS)
def test_children_by_fork_train_on_one_thread_to_the_same_bits(layer):
    """Where OpenMP would end them; the parent goes on as before."""
    lines = after_a_fit(layer, FORK)
    assert lines == ["fork 0", *["pool True True False"] * 4, "parent True True"]


AT_ONCE = """
found = {}
def work(seed):
    found[seed] = fit(seed)
threads = [threading.Thread(target=work, args=[seed], daemon=True) for seed in range(4)]
for thread in threads:
    thread.start()
print("main", fit(0) == bits[0])
for thread in threads:
    thread.join(200)
print("threads", found == dict(enumerate(bits)), set(asked))
"""


@pytest.mark.parametrize("layer", LAYERS)
def test_five_threads_train_machines_at_once_to_the_bits_of_one_after_the_other(layer):
    """Numba's work queue would end the process if two of them shared out their work."""
    assert after_a_fit(layer, AT_ONCE) in (
        ["main True", "threads True {False, True}"],
        ["main True", "threads True {True, False}"],
    )


WHO = """
in_thread = threading.Thread(target=fit, args=[0])
in_thread.start(), in_thread.join()
print("a thread", *set(asked))
asked.clear(), fit(0)
print("main", *set(asked))
numba.set_num_threads(1)
asked.clear(), fit(0)
print("main, set to one", *set(asked))
"""


def test_only_the_main_thread_shares_out_work_and_only_if_it_may():
    who = "a thread", "main", "main, set to one"
    both = [f"{name} {shares}" for name, shares in zip(who, (False, True, False), strict=True)]
    assert python(FIT + WHO) == both
    alone = python(FIT + WHO, NUMBA_NUM_THREADS="1")
    assert alone == [f"{name} False" for name in who]


SMALL = """
kernel = _threads.Twins(lambda x: None)
assert _threads.choose(kernel, _threads.WORTHWHILE) is kernel.parallel and asked == [True]
assert _threads.choose(kernel, _threads.WORTHWHILE - 1) is kernel.serial and asked == [True]
small = rb.RBM.random(64, 100, rng=0)
for _ in range(20):
    rb.gradient.estimate(small, X[:10, :64], rb.CD(1), 0)
rb.gibbs.run(small, 10, 5, 0)
print(asked)
"""


def test_small_work_is_not_shared_out():
    """A machine of 64 × 100 units trains in less time than it takes to wake the threads."""
    assert python(FIT + SMALL) == ["[True]"]


LAYER = "fit(0)\nprint(numba.threading_layer(), *set(asked))"


def test_the_package_tbb_is_the_threading_layer_where_it_is_installed():
    try:
        importlib.metadata.version("tbb")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package tbb is not installed")
    assert python(FIT + LAYER) == ["tbb True"]


@pytest.mark.parametrize(
    "wish", [{"LAYER": "workqueue"}, {"LAYER_PRIORITY": "workqueue omp tbb"}], ids=str
)
def test_the_threading_layer_that_the_user_asks_for_is_taken(wish):
    wish = {f"NUMBA_THREADING_{name}": text for name, text in wish.items()}
    assert python(FIT + LAYER, **wish) == ["workqueue True"]


def test_without_tbb_numba_takes_another_layer_and_the_bits_are_the_same():
    without = """
def nothing(name):
    raise _threads.metadata.PackageNotFoundError(name)
_threads.metadata.files = nothing
"""
    bits = "print(fit(1), *set(asked))"
    assert python(FIT + without + bits) == python(FIT + bits)


PROMISED = """
state = np.random.default_rng(1)
units = {
    "Bernoulli": (rb.Bernoulli(), rb.Bernoulli(), lambda shape: state.random(shape) < 0.3),
    "Spin": (rb.Spin(), rb.Bernoulli(), lambda shape: 2 * (state.random(shape) < 0.3) - 1),
    "Softmax": (
        rb.Softmax(4),
        rb.Spin(),
        lambda shape: np.eye(4)[state.integers(0, 4, (shape[0], shape[1] // 4))].reshape(shape),
    ),
}
for name, (visible, hidden, draw) in units.items():
    v = draw((300, 200)).astype(np.float64)
    for dtype in (np.float32, np.float64):
        for negative in (rb.CD(2), rb.PCD(1, chains=80)):
            rbm = rb.RBM.random(200, 100, rng=1, visible=visible, hidden=hidden, dtype=dtype)
            options = dict(epochs=1, batch_size=70, rng=0, progress=False, weight_decay=0.01)
            rb.fit(rbm, v, negative=negative, optimizer=rb.SGD(0.05, momentum=0.5), **options)
            chains = rb.gibbs.run(rbm, 80, 3, 0)
            print(name, dtype.__name__, negative, digest(*rbm.parameters), digest(chains))
print(all(asked), len(asked) > 0, file=sys.stderr)
"""


def test_fits_and_chains_have_the_same_bits_on_one_two_and_three_threads():
    """Of numba and of BLAS, in sizes that are shared out."""
    one, two, three = (python(FIT + PROMISED, **dict.fromkeys(THREADS, n)) for n in "123")
    assert len(set(one)) == 12 and one == two == three


def test_a_grid_search_in_processes_and_in_threads_finds_what_it_finds_alone():
    code = """
import joblib, sklearn.model_selection
def search(jobs, backend):
    model = rb.BernoulliRBM(n_components=100, n_iter=1, batch_size=50, random_state=0)
    rates = {"learning_rate": [0.01, 0.1]}
    with joblib.parallel_backend(backend):
        grid = sklearn.model_selection.GridSearchCV(model, rates, cv=2, n_jobs=jobs).fit(X)
    best = grid.best_estimator_
    return grid.cv_results_["mean_test_score"], digest(*best.rbm_.parameters)
alone, bits = search(1, "sequential")
assert any(asked)
for backend in ("loky", "multiprocessing", "threading"):
    scores, found = search(2, backend)
    np.testing.assert_allclose(scores, alone, rtol=1e-5)
    print(backend, found == bits)
"""
    assert python(FIT + code) == ["loky True", "multiprocessing True", "threading True"]


BLAS = """
from threadpoolctl import threadpool_info, threadpool_limits
seen = []

def blas():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

def look(rbm, history):
    seen.append(blas())

def train(D, H, unit, *callbacks):
    rbm = rb.RBM.random(D, H, rng=0, visible=unit)
    v = X[:, :D].astype(np.float32)
    callbacks = [rb.Callback(look, every=1), *callbacks]
    options = dict(epochs=1, batch_size=100, rng=0, progress=False, callbacks=callbacks)
    seen.clear()
    rb.fit(rbm, v, negative=rb.CD(1), optimizer=rb.SGD(0.001), **options)
    return seen
"""

TRAINED = """
print("before", blas())
print("small", train(64, 100, rb.Gaussian()), blas())
print("large", train(200, 250, rb.Gaussian()), blas())
print("all compiled", train(200, 250, rb.Bernoulli()), blas())
with threadpool_limits(1):
    print("limited", train(200, 250, rb.Gaussian()), train(64, 100, rb.Gaussian()), blas())
for error in (KeyboardInterrupt, ZeroDivisionError, rb.DivergenceError):
    def end(rbm, history):
        raise error("the end")
    try:
        train(64, 100, rb.Gaussian(), rb.Callback(end, every=2))
    except error:
        print(error.__name__, seen, blas())
"""


def test_blas_has_one_thread_while_a_fit_of_small_products_goes_on_and_then_what_it_had():
    lines = python(FIT + BLAS + TRAINED)
    if lines[0] != "before {2}":
        pytest.skip(f"the number of BLAS threads cannot be set here; {lines[0]}")
    ended = ("KeyboardInterrupt", "ZeroDivisionError", "DivergenceError")
    assert lines[1:] == [
        "small [{1}, {1}] {2}",
        "large [{2}, {2}] {2}",
        "all compiled [{1}, {1}] {2}",
        "limited [{1}, {1}] [{1}, {1}] {1}",
        *(f"{name} [{{1}}, {{1}}] {{2}}" for name in ended),
    ]


OVERLAP = """
first, second = _threads.few_blas_threads(0), _threads.few_blas_threads(0)
print(blas())
first.__enter__()
def whole(block):
    block.__enter__()
    print("second begins", blas())
other = threading.Thread(target=whole, args=[second])
other.start(), other.join()
first.__exit__(None, None, None)
print("first ended", blas())
if hasattr(os, "fork") and os.fork() == 0:
    signal.alarm(60)
    with _threads.few_blas_threads(0):
        os._exit(0)
second.__exit__(None, None, None)
print("both ended", blas())
"""


def test_of_blocks_with_one_blas_thread_that_overlap_the_last_puts_the_number_back():
    first, *lines = python(FIT + BLAS + OVERLAP)
    if first != "{2}":
        pytest.skip(f"the number of BLAS threads cannot be set here; {first}")
    assert lines == ["second begins {1}", "first ended {1}", "both ended {2}"]
