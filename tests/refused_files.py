"""Assertions about files that are not loaded."""

import pytest

import rbmbook as rb


def refused(path, reason="."):
    """Assert that there is an error with the name of the file and the reason."""
    with pytest.raises(ValueError, match=rf"model\.npz': .*{reason}"):
        rb.RBM.load(path)
