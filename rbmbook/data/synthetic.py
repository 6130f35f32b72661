"""Data sets that are made up on the spot: bars and stripes, shifting bars, a ring of points."""

from itertools import product

import numpy as np

from rbmbook import validation
from rbmbook.data.dataset import Dataset

MAX_SIDE = 16  # 2 * 2**16 patterns of 256 pixels: 32 MB


def bars_and_stripes(side: int, duplicates: bool = False) -> np.ndarray:
    """Return all images whose rows, or whose columns, are each all on or all off.

    Parameters
    ----------
    side : int
        Height and width of an image, 1 to 16.
    duplicates : bool, default False
        The blank and the full image are patterns of rows and of columns. If True they occur
        twice, so that all 2·2^side patterns are listed; if False once: 2·2^side − 2 images.

    Returns
    -------
    ndarray, shape (n, side²), uint8
        First the patterns of rows, then those of columns, each in counting order: the first row
        (or column) is the most significant binary digit. Without duplicates the blank and the
        full image stand among the patterns of rows.

    Raises
    ------
    TypeError, ValueError
        If ``side`` is not an integer from 1 to 16, or ``duplicates`` not a bool.

    References
    ----------
    MacKay, D. J. C. (2003). Information Theory, Inference, and Learning Algorithms, chapter 43.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.data.bars_and_stripes(2)
    array([[0, 0, 0, 0],
           [0, 0, 1, 1],
           [1, 1, 0, 0],
           [1, 1, 1, 1],
           [0, 1, 0, 1],
           [1, 0, 1, 0]], dtype=uint8)
    """
    side = validation.integer("side", side, maximum=MAX_SIDE)
    validation.instance("duplicates", duplicates, (bool, np.bool_))
    bits = np.array(list(product((0, 1), repeat=side)), dtype=np.uint8)
    rows = np.repeat(bits, side, axis=1)  # each digit fills a row
    columns = np.tile(bits, side)  # each row is the whole pattern
    return np.concatenate([rows, columns if duplicates else columns[1:-1]])


def shifting_bars(n: int, width: int) -> np.ndarray:
    """Return every position of a bar of ones on a ring.

    Parameters
    ----------
    n : int
        Number of pixels on the ring, at least 1.
    width : int
        Length of the bar, 1 to n.

    Returns
    -------
    ndarray, shape (n, n), uint8
        In row s the pixels s, s + 1, …, s + width − 1 (modulo n) are on.

    Raises
    ------
    TypeError, ValueError
        If ``n`` or ``width`` is not an integer in its range.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.data.shifting_bars(4, 2)
    array([[1, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 1, 1],
           [1, 0, 0, 1]], dtype=uint8)
    """
    n = validation.integer("n", n)
    width = validation.integer("width", width, maximum=n)
    positions = np.arange(n)
    return ((positions[None, :] - positions[:, None]) % n < width).astype(np.uint8)


def ring(
    n: int,
    modes: int = 8,
    radius: float = 2.0,
    std: float = 0.05,
    rng: int | np.random.Generator = 0,
) -> Dataset:
    """Draw points from an equal mixture of round Gaussians whose centres lie on a circle.

    Parameters
    ----------
    n : int
        Number of points, at least 1.
    modes : int, default 8
        Number of Gaussians, at least 1.
    radius : float, default 2.0
        Of the circle, above 0.
    std : float, default 0.05
        Standard deviation of each Gaussian in each direction, at least 0.
    rng : int or numpy.random.Generator, default 0
        Draws the n modes, then the (n, 2) deviations in C order.

    Returns
    -------
    Dataset
        ``X`` (n, 2), float32, and ``y`` (n,), the mode of each point: row ``y[i]`` of
        :func:`ring_centres`.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    References
    ----------
    Metz, L., Poole, B., Pfau, D. and Sohl-Dickstein, J. (2017). Unrolled generative adversarial
    networks, section 3.1 (a ring of eight Gaussians).

    Examples
    --------
    >>> import rbmbook as rb
    >>> X, y = rb.data.ring(1000)
    >>> X.shape, X.dtype, int(y.max())
    ((1000, 2), dtype('float32'), 7)
    """
    centres = ring_centres(modes, radius)
    n = validation.integer("n", n)
    std = validation.real("std", std, 0.0)
    generator = validation.generator(rng)
    y = generator.integers(len(centres), size=n)
    X = centres[y] + std * generator.standard_normal((n, 2))
    return Dataset(X.astype(np.float32), y)


def ring_centres(modes: int = 8, radius: float = 2.0) -> np.ndarray:
    """Return the centres of :func:`ring`.

    Parameters
    ----------
    modes : int, default 8
        At least 1.
    radius : float, default 2.0
        Above 0.

    Returns
    -------
    ndarray, shape (modes, 2), float64
        Evenly spaced, counter-clockwise from (radius, 0).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.data.ring_centres(4, 1.0).round(3) + 0.0
    array([[ 1.,  0.],
           [ 0.,  1.],
           [-1.,  0.],
           [ 0., -1.]])
    """
    modes = validation.integer("modes", modes)
    radius = validation.real("radius", radius, 0.0, closed="neither")
    angles = 2 * np.pi * np.arange(modes) / modes
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
