"""Parameters, methods and attributes of scikit-learn's BernoulliRBM beside those of ours, tried.

Each row of the table is a function here that looks at both and asserts what its words say.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.neural_network import BernoulliRBM as Theirs

import rbmbook as rb
from rbmbook import BernoulliRBM as Ours

X = rb.data.bars_and_stripes(3).astype(float)
Row = tuple[str, str, str, str]
SAME = "same"


def pair(**parameters: Any) -> tuple[Theirs, Ours]:
    """One of each with the same parameters, trained on the same rows."""
    given = {"n_components": 4, "n_iter": 3, "random_state": 0, **parameters}
    return Theirs(**given).fit(X), Ours(**given).fit(X)


def twin(ours: Ours) -> Theirs:
    """Theirs with the parameters of ours."""
    theirs = clone(Theirs(ours.n_components, batch_size=ours.batch_size, random_state=0)).fit(X)
    theirs.components_ = np.array(ours.components_)
    theirs.intercept_hidden_ = np.array(ours.intercept_hidden_)
    theirs.intercept_visible_ = np.array(ours.intercept_visible_)
    return theirs


def learned() -> Ours:
    """A machine whose weights are large enough to tell two meanings apart."""
    return Ours(8, learning_rate=0.1, n_iter=300, random_state=0).fit(X)


def parameters() -> Row:
    theirs, ours = (inspect.signature(cls).parameters for cls in (Theirs, Ours))
    for name, parameter in theirs.items():
        assert ours[name].default == parameter.default and ours[name].kind == parameter.kind
    more = sorted(ours.keys() - theirs.keys())
    return (
        ", ".join(f"`{name}`" for name in theirs),
        "the six it has",
        f"the same names and defaults; {len(more)} more",
        SAME,
    )


def training() -> Row:
    assert Ours().negative is None and Ours().centered is None
    return (
        "what `fit` does with them",
        "PCD-1 with `batch_size` chains, rows always in their order, biases from 0",
        "parallel tempering with the centred gradient, rows shuffled; "
        "`negative=rb.PCD(1, chains=10), centered=False` for PCD-1",
        "differs",
    )


def start() -> Row:
    theirs, ours = pair(n_iter=0)
    assert not theirs.intercept_visible_.any() and np.abs(ours.intercept_visible_).max() < 1
    lopsided = np.array([[1.0, 0.0]] * 9 + [[1.0, 1.0]])
    first, second = (cls(2, n_iter=0, random_state=0).fit(lopsided) for cls in (Theirs, Ours))
    assert not first.intercept_visible_.any()
    assert second.intercept_visible_[0] > 1 > -1 > second.intercept_visible_[1]
    return "where `intercept_visible_` starts", "0", "at the data's means", "differs"


def seeds() -> Row:
    for cls in (Theirs, Ours):
        first, second = (cls(4, random_state=0, n_iter=1).fit(X).components_ for _ in range(2))
        np.testing.assert_array_equal(first, second)
    theirs, ours = pair()
    assert not np.allclose(theirs.components_, ours.components_)
    Ours(2, n_iter=1, random_state=np.random.default_rng(0)).fit(X)
    try:
        Theirs(2, n_iter=1, random_state=np.random.default_rng(0)).fit(X)
    except ValueError:
        pass
    else:
        raise AssertionError("scikit-learn takes a Generator")
    return (
        "`random_state`",
        "int, RandomState or None",
        "also a Generator; the same seed draws other numbers",
        "differs",
    )


def attributes() -> Row:
    theirs, ours = pair()
    names = "components_", "intercept_hidden_", "intercept_visible_"
    for name in names:
        assert getattr(theirs, name).shape == getattr(ours, name).shape
        setattr(theirs, name, getattr(theirs, name))
        try:
            setattr(ours, name, getattr(ours, name))
        except AttributeError:
            continue
        raise AssertionError(f"{name} of ours can be set")
    ours.components_[0, 0] = 7.0
    assert ours.rbm_.W[0, 0] == 7.0
    return (
        ", ".join(f"`{name}`" for name in names),
        "arrays",
        "the same shapes; views of the machine `rbm_`, not to be replaced but written into",
        "nearly",
    )


def chains() -> Row:
    theirs, ours = pair()
    assert theirs.h_samples_.shape == (10, 4) and not hasattr(ours, "h_samples_")
    return "`h_samples_`", "the chains", "not there; `negative=` says which chains", "missing"


def transform() -> Row:
    ours = learned()
    theirs = twin(ours)
    gap = float(np.abs(theirs.transform(X) - ours.transform(X)).max())
    assert gap < 1e-6
    for rows in (X.astype(np.float32), sparse.csr_matrix(X)):
        fits = (cls(4, n_iter=1, random_state=0).fit(rows) for cls in (Theirs, Ours))
        made = [model.transform(rows) for model in fits]
        assert made[0].dtype == made[1].dtype == rows.dtype and made[0].shape == made[1].shape
    return "`transform`", "P(h = 1 \\| v)", "equal to rounding, dtypes too", SAME


def scores() -> Row:
    ours = learned()
    theirs = twin(ours).set_params(random_state=np.random.RandomState(0))
    exact = ours.score_samples(X)
    drawn = np.array([theirs.score_samples(X) for _ in range(4000)])
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert (np.abs(drawn.mean(axis=0) - exact) < 5 * error + 1e-6).all()
    assert (ours.score_samples(X) == exact).all()
    assert drawn.std(axis=0).min() > 0.1
    return (
        "`score_samples`",
        "log pseudo-likelihood, estimated by one random column of each row",
        "the same quantity, all columns: no chance in it",
        "better",
    )


def score() -> Row:
    theirs, ours = pair()
    assert not hasattr(theirs, "score") and ours.score(X) == ours.score_samples(X).mean()
    return "`score`", "not there", "mean of `score_samples`: a search needs no `scoring`", "more"


def gibbs() -> Row:
    ours = learned()
    theirs, rows = twin(ours), np.repeat(X, 2000, axis=0)
    steps = [theirs.gibbs(rows), ours.gibbs(rows, random_state=0)]
    assert steps[0].dtype == bool and set(np.unique(steps[1])) == {0, 1}
    means = [step.reshape(len(X), 2000, -1).mean(axis=1) for step in steps]
    assert np.abs(means[0] - means[1]).max() < 6 * np.sqrt(2 * 0.25 / 2000)
    assert ours.gibbs(X, steps=5).shape == X.shape
    return "`gibbs`", "one step; booleans", f"`steps=1`; {steps[1].dtype}, 0 or 1", "nearly"


def partial_fit() -> Row:
    theirs, ours = (cls(4, random_state=0) for cls in (Theirs, Ours))
    assert theirs.partial_fit(X) is None and ours.partial_fit(X) is ours
    assert ours.history_.epochs == 1
    return (
        "`partial_fit`",
        "one update; returns None; chains of `batch_size`, whatever the rows are",
        "one update; returns the estimator; each phase's mean over its own rows",
        "nearly",
    )


def names_out() -> Row:
    theirs, ours = pair()
    assert list(theirs.get_feature_names_out()) == list(ours.get_feature_names_out())
    return "`get_feature_names_out`", "`bernoullirbm0`, …", "the same", SAME


def tables() -> Row:
    made = [model.set_output(transform="pandas").transform(X) for model in pair()]
    assert list(made[0].columns) == list(made[1].columns)
    return "`set_output`", "tables of pandas or polars", "the same", SAME


def outside() -> Row:
    theirs, ours = (cls(4, n_iter=1, random_state=0).fit(16 * X) for cls in (Theirs, Ours))
    assert np.isfinite(theirs.components_).all() and ours.scaler_ is not None
    try:
        Ours(4, scale=False).fit(16 * X)
    except ValueError as error:
        assert "X" in str(error)
    else:
        raise AssertionError("accepted")
    return (
        "data outside [0, 1]",
        "taken as they are",
        "columns mapped to [0, 1]; with `scale=False` an error",
        "differs",
    )


def verbose() -> Row:
    return (
        "`verbose`",
        "a line per pass, with a score",
        "a progress bar; scores are in `history_`",
        "differs",
    )


def beyond() -> Row:
    methods = ["inverse_transform", "sample"]
    assert not any(hasattr(Theirs, name) for name in methods)
    assert all(hasattr(Ours, name) for name in methods)
    return (
        ", ".join(f"`{name}`" for name in methods) + ", `rbm_`, `history_`",
        "not there",
        "back to pixels, dreams, the machine of the core, monitors",
        "more",
    )


ROWS: list[Callable[[], Row]] = [
    parameters,
    training,
    start,
    seeds,
    verbose,
    outside,
    transform,
    names_out,
    tables,
    attributes,
    gibbs,
    partial_fit,
    score,
    scores,
    chains,
    beyond,
]


def compare() -> list[Row]:
    """All rows; an AssertionError if one is not as it says."""
    return [row() for row in ROWS]


def table(rows: list[Row]) -> str:
    """The comparison in Markdown."""
    lines = ["| what | scikit-learn | rbmbook | the two |", "| --- | --- | --- | --- |"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"
