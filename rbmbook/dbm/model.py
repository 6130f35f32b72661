"""The deep Boltzmann machine: layers of units, each connected to the layer below and the one above.

With layers x⁰ = v, x¹, …, xᴸ of Bernoulli units,

    E(x⁰, …, xᴸ) = −Σ_l b_lᵀ x_l − Σ_l x_lᵀ W_l x_{l+1},

and p = exp(−E) / Z. It is a restricted Boltzmann machine whose two sides are the even and the odd
layers, so that everything for those serves here: enumeration, annealed importance sampling, Gibbs
sampling and tempering act on `DBM.as_rbm()`. What is new is p(h | v), in which the hidden layers
depend on each other.

What is done with a machine stands in modules of their own, whose functions are its methods: the
guess at p(h | v) and the bound in `mean_field`, sums over all states in `enumeration`, first values
in `pretraining`, and joint training in `training`.

References
----------
Salakhutdinov and Hinton (2009), Deep Boltzmann machines.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np

from rbmbook import validation
from rbmbook.dbm import enumeration, pretraining, training
from rbmbook.dbm import mean_field as inference
from rbmbook.dbm.sides import Sides
from rbmbook.description import Model
from rbmbook.machine.rbm import RBM
from rbmbook.sampling import annealing, gibbs
from rbmbook.sampling.annealing import Estimate


class DBM(Model):
    """A deep Boltzmann machine of two or more hidden layers of Bernoulli units.

    Parameters
    ----------
    weights : sequence of L ≥ 2 arrays
        W_l of shape (n_l, n_{l+1}) between layers l and l + 1; layer 0 is visible. The dtype of the
        first, float32 or float64, is the machine's; integers and lists become float64.
    biases : sequence of L + 1 arrays
        b_l of shape (n_l,). All parameters are copied.

    Attributes
    ----------
    weights, biases : tuples of arrays
        The live parameters: what is written into them changes the machine.
    sides : Sides
        Where each layer's columns are among those of the even and of the odd layers.
    machine : RBM
        The restricted machine between the even and the odd layers. It holds all parameters:
        `weights` and `biases` are views of its arrays. See `as_rbm` for a copy.

    Raises
    ------
    ValueError
        If shapes do not fit, there are fewer than two hidden layers, or a parameter is not finite.
    TypeError
        If a parameter is not an array of real numbers.

    References
    ----------
    Salakhutdinov and Hinton (2009), equation 9.

    Examples
    --------
    >>> from rbmbook.dbm.model import DBM
    >>> dbm = DBM(weights=[[[1.0], [-1.0]], [[2.0]]], biases=[[0.0, 0.5], [0.0], [0.0]])
    >>> dbm
    DBM(2 visible, 1 + 1 hidden, float64)
    >>> dbm.energy([[[1, 0]], [[1]], [[1]]])
    array([-3.])
    """

    def __init__(self, weights: Sequence[Any], biases: Sequence[Any]) -> None:
        weights = [validation.array(f"weights[{k}]", W) for k, W in enumerate(weights)]
        self.sides = Sides(_widths(weights, biases))
        first = weights[0].dtype
        dtype = validation.floating("weights[0]", first if first.kind == "f" else np.float64)
        even, odd = self.sides.widths
        self.machine = RBM(np.zeros((even, odd), dtype), np.zeros(even), np.zeros(odd))
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

        Returns
        -------
        DBM

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.DBM.random((784, 500, 1000), rng=0)
        DBM(784 visible, 500 + 1000 hidden, float32)
        """
        sizes = [validation.integer(f"sizes[{k}]", n) for k, n in enumerate(sizes)]
        if len(sizes) < 3:
            raise ValueError(f"sizes: expected at least 3 layers, got {sizes}")
        rng = validation.generator(rng)
        seen = [data] + [None] * (len(sizes) - 2)
        rbms = [
            RBM.random(n, m, rng, scale, dtype, data=own)
            for (n, m), own in zip(pairwise(sizes), seen, strict=True)
        ]
        return cls([rbm.W for rbm in rbms], [rbms[0].a, *(rbm.b for rbm in rbms)])

    mean_field = inference.mean_field
    hidden_mean = inference.hidden_mean
    bound = inference.bound
    posterior = enumeration.posterior
    free_energy = enumeration.free_energy
    log_partition = enumeration.log_partition
    log_likelihood = enumeration.log_likelihood
    pretrain = pretraining.pretrain
    fit = training.fit

    @property
    def sizes(self) -> tuple[int, ...]:
        """The layers' widths, the visible one first."""
        return self.sides.sizes

    @property
    def dtype(self) -> np.dtype:
        """The dtype of all parameters, means and samples, float32 or float64."""
        return self.machine.dtype

    @property
    def weights(self) -> tuple[np.ndarray, ...]:
        """W_l for each pair of neighbouring layers, from the bottom: views of the live arrays."""
        return self.sides.weights(self.machine.W)

    @property
    def biases(self) -> tuple[np.ndarray, ...]:
        """b_l of each layer, from the bottom: views of the live arrays."""
        return self.sides.split(self.machine.a, self.machine.b)

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

        Returns
        -------
        RBM

        References
        ----------
        Book: (13.4).

        Examples
        --------
        >>> import rbmbook as rb
        >>> dbm = rb.DBM.random((6, 4, 3), rng=0)
        >>> dbm.as_rbm()  # 6 + 3 units on one side, 4 on the other
        RBM(9 visible Bernoulli, 4 hidden Bernoulli, float32)
        """
        return self.machine.copy()

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

        References
        ----------
        Salakhutdinov and Hinton (2009), equation 9. Book: (13.1).

        Examples
        --------
        >>> import rbmbook as rb
        >>> dbm = rb.DBM(weights=[[[1.0], [-1.0]], [[2.0]]], biases=[[0.0, 0.5], [0.0], [0.0]])
        >>> dbm.energy([[[1, 0], [0, 1]], [[1], [1]], [[1], [0]]])
        array([-3. ,  0.5])
        """
        if len(states) != len(self.sizes):
            raise ValueError(f"states: expected {len(self.sizes)} arrays, got {len(states)}")
        layers: list[np.ndarray] = []
        for k, (x, width) in enumerate(zip(states, self.sizes, strict=True)):
            x = validation.matrix(f"states[{k}]", x, width)
            if layers and x.shape[0] != len(layers[0]):
                raise ValueError(f"states[{k}]: expected {len(layers[0])} rows, got {x.shape[0]}")
            layers.append(validation.rows(f"states[{k}]", x, self.machine.visible, self.dtype))
        return self.machine.energy(*self.sides.join(layers))

    def ais(
        self,
        chains: int = 100,
        betas: Any = 1000,
        rng: int | np.random.Generator = 0,
        data: Any = None,
    ) -> Estimate:
        """log Z by annealed importance sampling; parameters and errors as for `evaluate.ais`.

        The chains move through the even layers and the odd ones are summed out. With `data`, the
        visible layer starts at the data's (smoothed) mean, all other units at fair coins.

        Parameters
        ----------
        chains, betas, rng, data
            As for `rb.evaluate.ais`.

        Returns
        -------
        Estimate

        Raises
        ------
        ValueError, TypeError
            As for `rb.evaluate.ais`.

        References
        ----------
        Salakhutdinov and Hinton (2009), section 3.2 (there the even layers are summed out).

        Examples
        --------
        >>> import rbmbook as rb
        >>> dbm = rb.DBM.random((6, 4, 3), rng=0, scale=0.5)
        >>> bool(abs(dbm.ais(chains=100, betas=100, rng=0).log_z - dbm.log_partition()) < 0.2)
        True
        """
        return annealing.ais(self.machine, chains, betas, rng, self.base_data(data))

    def base_data(self, data: Any) -> np.ndarray | None:
        """Data for the even side of `as_rbm()` with the visible mean of `data`, for annealing.

        Visible columns stand at their mean and those of other layers at ½, in every row; the rows
        share one row's memory. None for None.

        Parameters
        ----------
        data : (n, D) array or sparse matrix, or None

        Returns
        -------
        (n, even columns) array or None

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not in [0, 1].

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.DBM.random((2, 3, 2), rng=0).base_data([[1, 0], [1, 1]])[0]
        array([1. , 0.5, 0.5, 0.5])
        """
        if data is None:
            return None
        data = validation.matrix("data", data, self.sizes[0])
        row = np.full(self.machine.n_visible, 0.5)
        blocks = validation.blocks("data", data, self.machine.visible, np.float64, relaxed=True)
        row[: self.sizes[0]] = sum(block.sum(axis=0) for _, block in blocks) / data.shape[0]
        return np.broadcast_to(row, (data.shape[0], len(row)))

    def sample(
        self,
        n: int,
        rng: int | np.random.Generator,
        steps: int = 1000,
        means: bool = False,
    ) -> np.ndarray:
        """Visible states of n Gibbs chains that start at fair coins.

        Parameters
        ----------
        n : int ≥ 1
        rng : int or Generator
        steps : int ≥ 0
            Gibbs steps: all odd layers given the even ones, then all even layers given the odd.
        means : bool
            Return the last step's P(v = 1 | layer 1) in place of the states drawn with it: greyer,
            smoother pictures.

        Returns
        -------
        (n, D) array of the machine's dtype

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        References
        ----------
        Book: (13.2).

        Examples
        --------
        >>> import rbmbook as rb
        >>> dbm = rb.DBM.random((6, 4, 3), rng=0)
        >>> dbm.sample(5, rng=0, steps=10).shape
        (5, 6)
        """
        rng = validation.generator(rng)
        validation.instance("means", means, (bool, np.bool_))
        even = gibbs.run(self.machine, validation.integer("n", n), steps, rng)
        if means:
            even = self.machine.visible_mean(self.machine.sample_hidden(even, rng))
        return even[:, : self.sizes[0]].copy()

    def blocks(self, v: Any, relaxed: bool = False) -> Iterator[np.ndarray]:
        """Dense blocks of the rows of v: visible states, or means if `relaxed`, of our dtype.

        Parameters
        ----------
        v : (n, D) array or sparse matrix
        relaxed : bool

        Returns
        -------
        iterator of arrays

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit, a value is none of these, or a parameter is not finite.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> dbm = rb.DBM.random((6, 4, 3), rng=0)
        >>> [block.shape for block in dbm.blocks(np.ones((1500, 6)))]
        [(1024, 6), (476, 6)]
        """
        self.machine.require_finite()
        v = validation.matrix("v", v, self.sizes[0])
        blocks = validation.blocks("v", v, self.machine.visible, self.dtype, relaxed)
        return (block for _, block in blocks)


def _widths(weights: Sequence[np.ndarray], biases: Sequence[Any]) -> list[int]:
    """The widths of the layers, if the weights fit on each other and there are enough of both."""
    if len(weights) < 2:
        raise ValueError(
            f"weights: expected at least 2 arrays (with one hidden layer it is an RBM), "
            f"got {len(weights)}"
        )
    if len(biases) != len(weights) + 1:
        raise ValueError(
            f"biases: expected {len(weights) + 1} arrays, one more than weights, got {len(biases)}"
        )
    widths: list[int] = []
    for k, W in enumerate(weights):
        if W.ndim != 2 or 0 in W.shape or (widths and W.shape[0] != widths[-1]):
            width = widths[-1] if widths else "n_0"
            raise ValueError(
                f"weights[{k}]: expected shape ({width}, n_{k + 1}) with no zero, got {W.shape}"
            )
        widths += W.shape if k == 0 else [W.shape[1]]
    return widths
