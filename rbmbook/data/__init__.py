"""Data sets of the book: bars, a ring of points, handwritten digits; nothing is downloaded."""

from rbmbook.data.dataset import Dataset, split
from rbmbook.data.handwriting import digits, mnist
from rbmbook.data.synthetic import bars_and_stripes, ring, ring_centres, shifting_bars

__all__ = [
    "Dataset",
    "bars_and_stripes",
    "digits",
    "mnist",
    "ring",
    "ring_centres",
    "shifting_bars",
    "split",
]
