"""Small helpers of the tests that train."""

import numpy as np

import rbmbook as rb

NAMES = "Wab"


def fit(rbm, X, **settings):
    given = {"negative": rb.CD(1), "progress": False, "epochs": 3, "batch_size": 5}
    return rb.fit(rbm, X, **given | settings)


def assert_parameters(rbm, ref, rtol=1e-10, atol=1e-12):
    for name, expected in zip(NAMES, ref, strict=True):
        np.testing.assert_allclose(getattr(rbm, name), expected, rtol=rtol, atol=atol, err_msg=name)


def assert_same_bits(one, other):
    for name in NAMES:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
