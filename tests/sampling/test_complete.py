"""Completion: Gibbs sampling with some visible units held, against the exact conditionals."""

import numpy as np
import pytest
from frequencies import CHAINS, assert_frequencies
from unit_cases import ALL, DISCRETE, machine, name

import rbmbook as rb

STEPS = 25  # these machines forget their start within a few steps
PAIRS = [(v, h) for v in DISCRETE for h in ALL]


def pairs(of):
    return pytest.mark.parametrize("pair", of, ids=name)


def conditional(rbm, v, known):
    """The states that agree with v at the known places, and p(state | known), by enumeration."""
    table, p = rb.exact.states(rbm.n_visible, rbm.visible), rb.exact.probabilities(rbm)
    agree = (table[:, known] == v[known]).all(axis=1)
    return table[agree], p[agree] / p[agree].sum()


def numbers(v, table):
    match = (v[:, None, :] == table).all(axis=2)
    assert match.any(axis=1).all(), "a known value was not kept, or a row is no state"
    return match.argmax(axis=1)


def three_sites(pair):
    """A machine of three visible sites, a state, and which columns are known: those of site 1.

    Of the states, the one from which most can be learned about the other two sites.
    """
    # Hidden units with few states need more weight to tie the visible ones together.
    scale = {"Softmax": 2.0, "Bernoulli": 1.5}.get(pair[1].name, 0.9)
    rbm = machine(pair, seed=2, scale=scale, sites=(3, 2))
    known = np.repeat([False, True, False], pair[0].columns)
    table, p = rb.exact.states(rbm.n_visible, rbm.visible), rb.exact.probabilities(rbm)

    def surprise(state):
        rows, given = conditional(rbm, state, known)
        others = np.array([p[(table[:, ~known] == r[~known]).all(axis=1)].sum() for r in rows])
        return np.abs(given - others).sum()

    return rbm, max(table, key=surprise), known


@pytest.mark.jit
@pairs(PAIRS)
def test_completions_follow_the_exact_conditional(pair):
    rbm, v, known = three_sites(pair)
    holes = np.tile(np.where(known, v, np.nan), (CHAINS, 1))
    filled = rb.gibbs.complete(rbm, holes, known, steps=STEPS, rng=3)
    table, p = conditional(rbm, v, known)
    assert_frequencies(numbers(filled, table), p)


@pytest.mark.jit  # fewer chains than it takes to tell, where the kernels run as plain Python
@pairs(PAIRS)
def test_the_test_rejects_chains_that_forget_what_is_known(pair):
    """Broken twin: the known units are put back at the end, not held during the run."""
    rbm, v, known = three_sites(pair)
    wild = rb.gibbs.run(rbm, CHAINS, STEPS, rng=3)
    wild[:, known] = v[known]
    table, p = conditional(rbm, v, known)
    with pytest.raises(AssertionError, match="is above"):
        assert_frequencies(numbers(wild, table), p)


@pytest.mark.jit
def test_rows_may_miss_different_units():
    pair = DISCRETE[0], DISCRETE[0]
    rbm = machine(pair, seed=4, scale=1.0, sites=(4, 2))
    v = np.array([[1.0, 0, 1, 0], [0, 1, 1, 1]])
    known = np.array([[True, False, True, False], [False, True, False, False]])
    filled = rb.gibbs.complete(
        rbm, np.repeat(v, CHAINS, axis=0), np.repeat(known, CHAINS, axis=0), STEPS, rng=5
    )
    for i in range(2):
        table, p = conditional(rbm, v[i], known[i])
        assert_frequencies(numbers(filled[i * CHAINS : (i + 1) * CHAINS], table), p)


def test_gaussian_completions_have_the_moments_of_the_normal_conditional():
    rng = np.random.default_rng(6)
    W, a, b = rng.normal(0, 0.3, (3, 2)), rng.normal(size=3), rng.normal(size=2)
    gamma = np.array([1.0, 2.0, 1.5])
    rbm = rb.RBM(W, a, b, visible=rb.Gaussian(np.log(gamma)), hidden=rb.Gaussian())
    joint = np.block([[np.diag(gamma), -W], [-W.T, np.eye(2)]])
    covariance = np.linalg.inv(joint)
    mean, covariance = (covariance @ [*a, *b])[:3], covariance[:3, :3]
    known, value = np.array([True, False, False]), 1.3
    gain = covariance[1:, 0] / covariance[0, 0]
    expected = mean[1:] + gain * (value - mean[0])
    spread = covariance[1:, 1:] - np.outer(gain, covariance[0, 1:])
    holes = np.tile([value, np.nan, np.nan], (CHAINS, 1))
    filled = rb.gibbs.complete(rbm, holes, known, STEPS, rng=7)
    assert (filled[:, 0] == value).all()
    # Independent draws: 5 standard errors, of a mean and of a variance.
    error = np.sqrt(np.diag(spread) / CHAINS)
    assert (np.abs(filled[:, 1:].mean(axis=0) - expected) < 5 * error).all()
    error = np.sqrt(2 / CHAINS) * np.diag(spread)
    assert (np.abs(filled[:, 1:].var(axis=0) - np.diag(spread)) < 5 * error).all()
    wild = rb.gibbs.run(rbm, CHAINS, STEPS, rng=7)[:, 1:]  # the twin that ignores what is known
    error = np.sqrt(np.diag(spread) / CHAINS)
    assert (np.abs(wild.mean(axis=0) - expected) > 5 * error).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("visible", ALL, ids=lambda case: case.name)
def test_known_values_stay_and_the_dtype_is_kept(visible, dtype):
    rbm = machine((visible, ALL[0]), seed=8, dtype=dtype, sites=(4, 2))
    v = visible.draw(6, 4, np.random.default_rng(9)).astype(dtype)
    kept = v.copy()
    known = np.repeat(np.random.default_rng(10).random((6, 4)) < 0.5, visible.columns, axis=1)
    for steps in (0, 1, 5):
        filled = rb.gibbs.complete(rbm, v, known, steps, rng=11)
        assert filled.dtype == dtype and not rbm.visible.outside(filled).any()
        np.testing.assert_array_equal(filled[known], v[known])
        np.testing.assert_array_equal(filled, rb.gibbs.complete(rbm, v, known, steps, rng=11))
    np.testing.assert_array_equal(v, kept)


def test_everything_known_is_returned_and_nothing_known_is_plain_gibbs(rbm, binary):
    v = binary(5, 4)
    everything = rb.gibbs.complete(rbm, v, np.ones(4, bool), 3, rng=0)
    np.testing.assert_array_equal(everything, v)
    nothing = rb.gibbs.complete(rbm, np.full((5, 4), np.nan), np.zeros(4, bool), 3, rng=0)
    np.testing.assert_array_equal(nothing, rb.gibbs.run(rbm, 5, 3, rng=0))


SOFTMAX = rb.RBM.random(6, 2, visible=rb.Softmax(3))
BINARY = rb.RBM.random(3, 2)
ONE_HOT = [[1, 0, 0, 0, 0, 1]]
FIRST = np.array([True, False, False])
BAD = [
    (BINARY, [[1, 0]], FIRST, 1, 0, ValueError, r"v: expected shape \(n, 3\)"),
    (BINARY, [1, 0, 1], FIRST, 1, 0, ValueError, r"v: expected shape \(n, 3\)"),
    (BINARY, [[1, 0, 1]], [1, 0, 0], 1, 0, ValueError, "known: expected booleans"),
    (BINARY, [[1, 0, 1]], [True, False], 1, 0, ValueError, "known: expected booleans of shape"),
    (BINARY, [[1, 0, 1]], [[True] * 3] * 2, 1, 0, ValueError, "known: expected booleans of shape"),
    (BINARY, [[2, 0, 1]], FIRST, 1, 0, ValueError, "v: .*0 or 1, got 2.0 at row 0, column 0"),
    (BINARY, [[np.nan, 0, 1]], FIRST, 1, 0, ValueError, "v: .*0 or 1, got nan at row 0, column 0"),
    (BINARY, [[1, 0, 1]], FIRST, -1, 0, ValueError, "steps: expected an integer ≥ 0"),
    (BINARY, [[1, 0, 1]], FIRST, 1, None, TypeError, "rng: expected an int or"),
    (SOFTMAX, ONE_HOT, np.arange(6) < 3, 1, -1, ValueError, "rng: expected a seed"),
    (SOFTMAX, ONE_HOT, np.arange(6) < 1, 1, 0, ValueError, "known: expected all columns of a site"),
    (SOFTMAX, ONE_HOT, np.arange(6) < 5, 1, 0, ValueError, "known: expected all columns of a site"),
    (SOFTMAX, [[1, 1, 0, 0, 0, 1]], np.arange(6) < 3, 1, 0, ValueError, "v: .*one-hot"),
    ("machine", [[1, 0, 1]], FIRST, 1, 0, TypeError, "rbm: expected an instance of RBM"),
]


@pytest.mark.parametrize(("rbm", "v", "known", "steps", "rng", "kind", "message"), BAD)
def test_bad_arguments_are_named(rbm, v, known, steps, rng, kind, message):
    with pytest.raises(kind, match=message):
        rb.gibbs.complete(rbm, v, known, steps, rng)


def test_the_survey_of_chapter_11_has_answers_of_at_most_seven_kinds():
    """The table that the chapter completes: whole numbers, nothing missing, seven answers each."""
    from statsmodels.datasets import anes96  # slow to import, and only this test needs it

    table = anes96.load_pandas().data[["selfLR", "ClinLR", "DoleLR", "PID", "educ", "vote"]]
    answers = table.to_numpy()
    assert answers.shape == (944, 6)
    np.testing.assert_array_equal(answers, answers.astype(int))
    np.testing.assert_array_equal(answers.min(axis=0), [1, 1, 1, 0, 1, 0])
    np.testing.assert_array_equal(answers.max(axis=0), [7, 7, 7, 6, 7, 1])
