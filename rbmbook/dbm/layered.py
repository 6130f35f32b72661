"""Layers of Bernoulli units under one energy: parameters, their two sides, states, files.

The base of `rbmbook.dbm.model.DBM`.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np

from rbmbook import validation
from rbmbook.dbm.sides import Sides
from rbmbook.description import Model
from rbmbook.machine.rbm import RBM


class Layered(Model):
    """The parameters of a deep Boltzmann machine, see there for their shapes and errors.

    All live in one restricted machine between the even and the odd layers; `weights` and `biases`
    are views of it.
    """

    def __init__(self, weights: Sequence[Any], biases: Sequence[Any]) -> None:
        weights = [validation.array(f"weights[{k}]", W) for k, W in enumerate(weights)]
        if len(weights) < 2:
            raise ValueError(
                f"weights: expected at least 2 arrays (with one hidden layer it is an RBM), "
                f"got {len(weights)}"
            )
        if len(biases) != len(weights) + 1:
            raise ValueError(
                f"biases: expected {len(weights) + 1} arrays, one more than weights, "
                f"got {len(biases)}"
            )
        sizes = []
        for k, W in enumerate(weights):
            if W.ndim != 2 or 0 in W.shape or (sizes and W.shape[0] != sizes[-1]):
                width = sizes[-1] if sizes else "n_0"
                raise ValueError(
                    f"weights[{k}]: expected shape ({width}, n_{k + 1}) with no zero, got {W.shape}"
                )
            sizes += list(W.shape) if k == 0 else [W.shape[1]]
        first = weights[0].dtype
        dtype = validation.floating("weights[0]", first if first.kind == "f" else np.float64)
        self._sides = Sides(sizes)
        even, odd = self._sides.widths
        self._rbm = RBM(np.zeros((even, odd), dtype), np.zeros(even), np.zeros(odd))
        for k, (own, W) in enumerate(zip(self.weights, weights, strict=True)):
            own[:] = validation.parameter(f"weights[{k}]", W, own.shape, dtype)
        for k, (own, b) in enumerate(zip(self.biases, biases, strict=True)):
            own[:] = validation.parameter(f"biases[{k}]", b, own.shape, dtype)

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        rng: int | np.random.Generator = 0,
        scale: float = 0.01,
        dtype: np.dtype | type = np.float32,
        data: Any = None,
    ) -> Self:
        """A machine with weights from N(0, scale²) and biases of zero.

        Parameters
        ----------
        sizes : sequence of L + 1 ≥ 3 ints ≥ 1
            The layers' widths, the visible one first.
        rng : int or Generator
            Draws the weights, layer by layer from the bottom, in C order, in `dtype`.
        scale : float ≥ 0
            Standard deviation of the weights.
        dtype : float32 or float64
        data : (n, D) array or sparse matrix, optional
            Where given, the visible biases start at the logit of the data's smoothed mean.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.
        """
        sizes = [validation.integer(f"sizes[{k}]", n) for k, n in enumerate(sizes)]
        if len(sizes) < 3:
            raise ValueError(f"sizes: expected at least 3 layers, got {sizes}")
        rng = validation.generator(rng)
        pairs = pairwise(sizes)
        rbms = [RBM.random(n, m, rng, scale, dtype) for n, m in pairs]
        dbm = cls([rbm.W for rbm in rbms], [np.zeros(n) for n in sizes])
        if data is not None:
            dbm.biases[0][:] = RBM.random(sizes[0], 1, dtype=dtype, data=data).a
        return dbm

    @property
    def sizes(self) -> tuple[int, ...]:
        """The layers' widths, the visible one first."""
        return self._sides.sizes

    @property
    def dtype(self) -> np.dtype:
        """The dtype of all parameters, means and samples: float32 or float64."""
        return self._rbm.dtype

    @property
    def weights(self) -> tuple[np.ndarray, ...]:
        """W_l for each pair of neighbouring layers, from the bottom: views of the live arrays."""
        return self._sides.weights(self._rbm.W)

    @property
    def biases(self) -> tuple[np.ndarray, ...]:
        """b_l of each layer, from the bottom: views of the live arrays."""
        return self._sides.split(self._rbm.a, self._rbm.b)

    def description(self) -> dict[str, Any]:
        """What the machine is: the widths of its layers, and its dtype."""
        return super().description() | {"sizes": list(self.sizes)}

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights and the biases, from the bottom."""
        weights = {f"W{k}": W for k, W in enumerate(self.weights)}
        return weights | {f"b{k}": b for k, b in enumerate(self.biases)}

    @classmethod
    def _from(cls, description: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        n = len(description["sizes"])
        return cls([arrays[f"W{k}"] for k in range(n - 1)], [arrays[f"b{k}"] for k in range(n)])

    def _words(self) -> str:
        hidden = " + ".join(str(n) for n in self.sizes[1:])
        return f"{self.sizes[0]} visible, {hidden} hidden"

    def as_rbm(self) -> RBM:
        """The same machine as an RBM (a copy) between the even and the odd layers.

        Its visible columns are those of layers 0, 2, 4, … in order, its hidden columns those of
        layers 1, 3, 5, …; weights between layers that are not neighbours are zero.
        """
        return self._rbm.copy()

    def energy(self, states: Sequence[Any]) -> np.ndarray:
        """E of each row: −Σ_l b_lᵀ x_l − Σ_l x_lᵀ W_l x_{l+1}.

        Parameters
        ----------
        states : sequence of L + 1 arrays
            The state of each layer, (n, n_l), the visible one first.

        Returns
        -------
        (n,) array

        Raises
        ------
        ValueError, TypeError
            If a shape does not fit or a value is not 0 or 1.
        """
        if len(states) != len(self.sizes):
            raise ValueError(f"states: expected {len(self.sizes)} arrays, got {len(states)}")
        layers = []
        for k, (x, width) in enumerate(zip(states, self.sizes, strict=True)):
            x = validation.matrix(f"states[{k}]", x, width)
            if layers and x.shape[0] != len(layers[0]):
                raise ValueError(f"states[{k}]: expected {len(layers[0])} rows, got {x.shape[0]}")
            layers.append(validation.rows(f"states[{k}]", x, self._rbm.visible, self.dtype))
        return self._rbm.energy(*self._sides.join(layers))
