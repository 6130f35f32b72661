"""Data that is scaled, or has labels behind it, a batch at a time: nothing is copied as a whole."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.preprocessing import MinMaxScaler

from rbmbook import validation
from rbmbook.training.discriminative import with_labels

BLOCK_NUMBERS = 2**20  # so many numbers of the data are looked at together


class Scaled(validation.Rows):
    """Rows as a scaler of the columns makes them."""

    def __init__(self, X: np.ndarray, scaler: Any) -> None:
        self.X, self.scaler = X, scaler
        self.shape, self.dtype = X.shape, floating(X)

    def __getitem__(self, rows: Any) -> np.ndarray:
        return self.scaler.transform(self.X[rows]).astype(self.dtype, copy=False)


class Labelled(validation.Rows):
    """Rows with their labels behind them, one-hot."""

    def __init__(self, X: Any, y: np.ndarray, classes: int) -> None:
        self.X, self.y, self.classes = X, y, classes
        self.shape, self.dtype = (X.shape[0], X.shape[1] + classes), X.dtype

    def __getitem__(self, rows: Any) -> np.ndarray:
        x = self.X[rows]
        x = x.toarray() if sparse.issparse(x) else x
        return with_labels(x, self.y[rows], self.classes)


class Chosen(validation.Rows):
    """Some of the rows."""

    def __init__(self, X: Any, index: np.ndarray) -> None:
        self.X, self.index = X, index
        self.shape, self.dtype = (len(index), X.shape[1]), X.dtype

    def __getitem__(self, rows: Any) -> np.ndarray:
        x = self.X[self.index[rows]]
        return x.toarray() if sparse.issparse(x) else x


def chosen(X: Any) -> Any:
    """`Chosen` rows of a matrix as a matrix of its own; anything else as it is."""
    return X.X[X.index] if isinstance(X, Chosen) else X


class Rounded(validation.Rows):
    """Grey levels as the states that they are nearer to."""

    dtype = np.dtype(np.float64)

    def __init__(self, X: Any) -> None:
        self.X, self.shape = X, X.shape

    def __getitem__(self, rows: Any) -> np.ndarray:
        x = self.X[rows]
        return np.asarray((x.toarray() if sparse.issparse(x) else x) > 0.5, self.dtype)


def scaled(X: Any, scaler: Any) -> Any:
    """X as it is, without a scaler, or rows that are scaled when they are asked for."""
    return X if scaler is None else Scaled(X, scaler)


def fitted(scaler: Any, X: np.ndarray) -> Any:
    """A scaler that has seen all rows, some at a time."""
    step = max(1, BLOCK_NUMBERS // X.shape[1])
    for start in range(0, X.shape[0], step):
        scaler.partial_fit(X[start : start + step])
    return scaler


def to_unit_interval(X: Any, scale: Any) -> MinMaxScaler | None:
    """A scaler of the columns to [0, 1], if one is asked for; None leaves X as it is."""
    if not (isinstance(scale, bool | np.bool_) or (isinstance(scale, str) and scale == "auto")):
        raise ValueError(f'scale: expected "auto", True or False, got {scale!r}')
    if sparse.issparse(X) or not scale:  # a shift would fill it: values outside are an error
        return None
    scaler = fitted(MinMaxScaler(clip=True), X)
    inside = scaler.data_min_.min() >= 0 and scaler.data_max_.max() <= 1
    return None if scale == "auto" and inside else scaler


def floating(X: Any) -> np.dtype:
    """The dtype of what is computed from X: its own if float32, otherwise float64."""
    return np.dtype(np.float32 if X.dtype == np.float32 else np.float64)
