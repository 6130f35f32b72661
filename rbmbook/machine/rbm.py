"""The restricted Boltzmann machine: parameters, energy, conditionals, free energy.

No type of unit is named here: a machine computes the inputs of a layer, and its units turn inputs
into means, samples and cumulant generating functions.
"""

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np

from rbmbook import rounding, validation
from rbmbook.description import Model
from rbmbook.machine import layers, moments, units
from rbmbook.machine.parameters import Parameters
from rbmbook.machine.units import Bernoulli, Unit


class RBM(Model):
    """A restricted Boltzmann machine with energy E(v, h) = −aᵀv − bᵀh − vᵀWh + U(v) + U(h).

    Parameters
    ----------
    W : (D, H) array
        Weights. Their dtype, float32 or float64, is the machine's and kept throughout; integers
        and lists become float64. All parameters are copied.
    a : (D,) array
        Visible biases.
    b : (H,) array
        Hidden biases.
    visible, hidden : unit
        The types of the units, `Bernoulli()` by default.

    Raises
    ------
    ValueError
        If shapes do not fit or a parameter is not finite.
    TypeError
        If a parameter is not an array of real numbers, or a unit is not a unit.

    References
    ----------
    Smolensky (1986), Information processing in dynamical systems: foundations of harmony theory.
    Hinton (2002), Training products of experts by minimizing contrastive divergence.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(W=[[1.0], [-1.0]], a=[0.0, 0.5], b=[0.0])
    >>> rbm
    RBM(2 visible Bernoulli, 1 hidden Bernoulli, float64)
    >>> rbm.energy([[1, 0], [0, 1]], [[1], [0]])
    array([-1. , -0.5])
    """

    def __init__(
        self,
        W: np.ndarray,
        a: np.ndarray,
        b: np.ndarray,
        visible: Unit = Bernoulli(),
        hidden: Unit = Bernoulli(),
    ) -> None:
        W = validation.array("W", W)
        if W.ndim != 2 or 0 in W.shape:
            raise ValueError(f"W: expected shape (D, H) with D, H ≥ 1, got {W.shape}")
        if W.dtype.kind != "f":
            W = W.astype(np.float64)
        dtype = validation.floating("W", W.dtype)
        self.W = validation.parameter("W", W, W.shape, dtype)
        self.a = validation.parameter("a", a, (W.shape[0],), dtype)
        self.b = validation.parameter("b", b, (W.shape[1],), dtype)
        validation.instance("visible", visible, Unit)
        validation.instance("hidden", hidden, Unit)
        self.visible = visible.bind("visible", self.n_visible, dtype)
        self.hidden = hidden.bind("hidden", self.n_hidden, dtype)

    @classmethod
    def random(
        cls,
        n_visible: int,
        n_hidden: int,
        rng: int | np.random.Generator = 0,
        scale: float = 0.01,
        dtype: np.dtype | type = np.float32,
        visible: Unit = Bernoulli(),
        hidden: Unit = Bernoulli(),
        data: Any = None,
    ) -> "RBM":
        """A machine with weights from N(0, scale²) and, without data, biases of zero.

        Parameters
        ----------
        n_visible, n_hidden : int ≥ 1
            The numbers of columns D and H.
        rng : int or Generator
            Draws the (D, H) weights, in C order, in `dtype`.
        scale : float ≥ 0
            Standard deviation of the weights; with `data`, those of a Gaussian column with the mean
            μ and the standard deviation σ act on (v − μ) / σ: they are divided by σ, and `b` makes
            up for μ.
        dtype : float32 or float64
        visible, hidden : unit
        data : (n, D) array or sparse matrix, optional
            Where given, `a` starts where the machine without hidden units fits the data's mean
            (for Bernoulli units: the logit of (Σv + 1) / (n + 2)), and learned precisions where it
            fits the variance. A constant column counts as one whose standard deviation is a
            thousandth of its mean's size (0.001 if that is more). Means in [0, 1] are accepted.

        Returns
        -------
        RBM

        Raises
        ------
        ValueError, TypeError
            If a size, the scale, the dtype or the data is not as above.

        References
        ----------
        Hinton (2012), A practical guide to training restricted Boltzmann machines, section 8.
        Book: (8.1).

        Examples
        --------
        >>> import rbmbook as rb
        >>> rbm = rb.RBM.random(4, 2, rng=0, data=[[1, 1, 0, 0], [1, 0, 0, 0]])
        >>> rbm.a.round(3)  # log of (Σv + 1) / (n − Σv + 1)
        array([ 1.099,  0.   , -1.099, -1.099], dtype=float32)
        """
        shape = (
            validation.integer("n_visible", n_visible),
            validation.integer("n_hidden", n_hidden),
        )
        scale = validation.real("scale", scale, 0.0)
        dtype = validation.floating("dtype", dtype)
        W = validation.generator(rng).standard_normal(shape, dtype=dtype)
        W *= dtype.type(scale)
        rbm = cls(W, np.zeros(shape[0]), np.zeros(shape[1]), visible, hidden)
        if data is not None:
            moments.start_at(rbm, validation.matrix("data", data, rbm.n_visible))
        return rbm

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep the shapes, the dtype and the order in memory of parameters that are replaced."""
        if name in ("W", "a", "b") and name in self.__dict__:
            value = validation.parameter(name, value, getattr(self, name).shape, self.dtype)
        super().__setattr__(name, value)

    @property
    def n_visible(self) -> int:
        """Number of visible columns, D."""
        return self.W.shape[0]

    @property
    def n_hidden(self) -> int:
        """Number of hidden columns, H."""
        return self.W.shape[1]

    @property
    def dtype(self) -> np.dtype:
        """The dtype of all parameters, means and samples, float32 or float64."""
        return self.W.dtype

    @property
    def parameters(self) -> Parameters:
        """The machine's own arrays: what is written to them changes the machine."""
        own = self.visible.parameters(), self.hidden.parameters()
        return Parameters(self.W, self.a, self.b, *own)

    def require_finite(self) -> "RBM":
        """The machine, or an error: parameters that were written in place may not be finite.

        Nor may their sums, which are the inputs of units whose partners' states are at most 1.

        Returns
        -------
        RBM
            The machine itself.

        Raises
        ------
        ValueError
            If a parameter, or a sum of them, is NaN or infinite.

        Examples
        --------
        >>> import rbmbook as rb
        >>> rbm = rb.RBM.random(3, 2, rng=0)
        >>> rbm.require_finite() is rbm
        True
        >>> rbm.b[0] = float("nan")
        >>> rbm.require_finite()
        Traceback (most recent call last):
            ...
        ValueError: rbm: expected finite parameters, got NaN or infinity in b (...)
        """
        parameters = self.parameters
        with np.errstate(over="ignore", invalid="ignore"):
            size = sum(np.abs(p).sum() for p in parameters)
        if np.isfinite(size):
            return self
        named: dict[str, tuple[np.ndarray, ...]] = {"W": (self.W,), "a": (self.a,), "b": (self.b,)}
        named |= {"visible units": parameters.visible, "hidden units": parameters.hidden}
        for name, arrays in named.items():
            if not all(np.isfinite(array).all() for array in arrays):
                raise ValueError(
                    f"rbm: expected finite parameters, got NaN or infinity in {name} ({self})"
                )
        raise rounding.too_large(self.W)

    def _words(self) -> str:
        visible = f"{self.n_visible} visible {type(self.visible).__name__}"
        return f"{visible}, {self.n_hidden} hidden {type(self.hidden).__name__}"

    def energy(self, v: Any, h: Any) -> np.ndarray:
        """E(v, h) = −aᵀv − bᵀh − vᵀWh + U(v) + U(h) of each pair of rows.

        Parameters
        ----------
        v : (n, D) array or sparse matrix of visible states
        h : (n, H) array or sparse matrix of hidden states

        Returns
        -------
        (n,) array

        Raises
        ------
        ValueError, TypeError
            If a shape does not fit or a value is not a state (0 or 1 for Bernoulli units).

        References
        ----------
        Book: (1.1), (11.1).

        Examples
        --------
        >>> import rbmbook as rb
        >>> rbm = rb.RBM(W=[[1.0], [-1.0]], a=[0.0, 0.5], b=[0.0])
        >>> rbm.energy([[1, 0], [1, 1]], [[1], [1]])  # h agrees with v₁ and not with v₂
        array([-1. , -0.5])
        """
        self.require_finite()
        v = validation.matrix("v", v, self.n_visible)
        h = validation.matrix("h", h, self.n_hidden)
        if v.shape[0] != h.shape[0]:
            raise ValueError(f"h: expected {v.shape[0]} rows, as many as v, got {h.shape[0]}")
        out = np.empty(v.shape[0], self.dtype)
        pairs = zip(
            validation.blocks("v", v, self.visible, self.dtype),
            validation.blocks("h", h, self.hidden, self.dtype),
            strict=True,
        )
        with np.errstate(over="ignore", invalid="ignore"):
            for (rows, v_rows), (_, h_rows) in pairs:
                out[rows] = self.visible.energy(v_rows) + self.hidden.energy(h_rows)
                inputs = self.hidden_inputs(v_rows)
                out[rows] -= v_rows @ self.a + np.einsum("nh,nh->n", inputs, h_rows)
        return rounding.held(out, self.W)

    def free_energy(self, v: Any) -> np.ndarray:
        """F(v) = −log Σ_h exp(−E(v, h)) = U(v) − aᵀv − Σ_j cgf_j(b_j + Σ_i v_i W_ij).

        Parameters
        ----------
        v : (n, D) array or sparse matrix
            Visible states. Means (in [0, 1] for Bernoulli units) are accepted too: F is a smooth
            function of v.

        Returns
        -------
        (n,) array

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is outside the domain.

        References
        ----------
        Hinton (2012), A practical guide to training restricted Boltzmann machines, section 16.1.
        Book: (3.6), (11.6).

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rbm = rb.RBM(W=[[1.0], [-1.0]], a=[0.0, 0.5], b=[0.0])
        >>> v = rb.exact.states(2)
        >>> weight = np.exp(-rbm.free_energy(v))
        >>> bool(np.allclose(weight / weight.sum(), rb.exact.probabilities(rbm)))
        True
        """

        def rows(v: np.ndarray) -> np.ndarray:
            return self.visible.energy(v) - v @ self.a - self.hidden.cgf_sum(self.hidden_inputs(v))

        return self._by_rows("v", v, self.visible, rows)

    def hidden_mean(self, v: Any) -> np.ndarray:
        """E[h | v], shape (n, H); for Bernoulli units P(h_j = 1 | v) = sigmoid(b_j + Σ_i v_i W_ij).

        Parameters
        ----------
        v : (n, D) array or sparse matrix
            Visible states, or means (in [0, 1] for Bernoulli units).

        Returns
        -------
        (n, H) array of the machine's dtype

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is outside the domain.

        References
        ----------
        Book: (2.4).

        Examples
        --------
        >>> import rbmbook as rb
        >>> rbm = rb.RBM(W=[[2.0], [-2.0]], a=[0.0, 0.0], b=[0.0])
        >>> rbm.hidden_mean([[1, 0], [0, 1], [1, 1]]).round(3)
        array([[0.881],
               [0.119],
               [0.5  ]])
        """

        def rows(v: np.ndarray) -> np.ndarray:
            return self.hidden.mean(rounding.held(self.hidden_inputs(v), self.W))

        return self._by_rows("v", v, self.visible, rows)

    def visible_mean(self, h: Any) -> np.ndarray:
        """E[v | h], shape (n, D); for Bernoulli units P(v_i = 1 | h) = sigmoid(a_i + Σ_j W_ij h_j).

        Parameters
        ----------
        h : (n, H) array or sparse matrix
            Hidden states, or means (in [0, 1] for Bernoulli units).

        Returns
        -------
        (n, D) array of the machine's dtype

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is outside the domain.

        References
        ----------
        Book: (2.7), (11.11).

        Examples
        --------
        >>> import rbmbook as rb
        >>> rbm = rb.RBM(W=[[2.0], [-2.0]], a=[0.0, 0.0], b=[0.0])
        >>> rbm.visible_mean([[0], [1]]).round(3)  # what the hidden unit asks for when it is on
        array([[0.5  , 0.5  ],
               [0.881, 0.119]])
        """

        def rows(h: np.ndarray) -> np.ndarray:
            return self.visible.mean(rounding.held(self.visible_inputs(h), self.W))

        return self._by_rows("h", h, self.hidden, rows)

    def sample_hidden(self, v: Any, rng: int | np.random.Generator) -> np.ndarray:
        """A draw from p(h | v) for each row of v, shape (n, H): an unbiased sample.

        Parameters
        ----------
        v : (n, D) array or sparse matrix
            Visible states, or means (in [0, 1] for Bernoulli units).
        rng : int or Generator
            Draws the noise, (n, H) numbers in C order.

        Returns
        -------
        (n, H) array of the machine's dtype

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit, a value is outside the domain, or `rng` is neither.

        References
        ----------
        Book: (2.4).

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rbm = rb.RBM(W=[[2.0], [-2.0]], a=[0.0, 0.0], b=[0.0])
        >>> h = rbm.sample_hidden(np.tile([1, 0], (10_000, 1)), rng=0)
        >>> bool(abs(h.mean() - 0.881) < 0.02)  # P(h = 1 | v) = 0.881
        True
        """
        return self._draw("v", v, self.visible, self.hidden, self.hidden_inputs, rng)

    def sample_visible(self, h: Any, rng: int | np.random.Generator) -> np.ndarray:
        """A draw from p(v | h) for each row of h, shape (n, D).

        Parameters
        ----------
        h : (n, H) array or sparse matrix
            Hidden states, or means (in [0, 1] for Bernoulli units).
        rng : int or Generator
            Draws the noise, (n, D) numbers in C order.

        Returns
        -------
        (n, D) array of the machine's dtype

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit, a value is outside the domain, or `rng` is neither.

        References
        ----------
        Book: (2.7).

        Examples
        --------
        >>> import rbmbook as rb
        >>> rbm = rb.RBM(W=[[40.0], [-40.0]], a=[-20.0, 20.0], b=[0.0])
        >>> rbm.sample_visible([[0], [1]], rng=0)  # weights this large leave nothing to chance
        array([[0., 1.],
               [1., 0.]])
        """
        return self._draw("h", h, self.hidden, self.visible, self.visible_inputs, rng)

    def hidden_inputs(self, v: np.ndarray) -> np.ndarray:
        """v W + b of a dense block of the machine's dtype; unchecked, for inner loops.

        Parameters
        ----------
        v : (n, D) array

        Returns
        -------
        (n, H) array

        References
        ----------
        Book: (2.2).

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rbm = rb.RBM(W=[[2.0], [-1.0]], a=[0.0, 0.0], b=[0.5])
        >>> rbm.hidden_inputs(np.array([[1.0, 1.0]]))
        array([[1.5]])
        """
        return layers.inputs(self.visible, v, self.W, self.b)

    def visible_inputs(self, h: np.ndarray) -> np.ndarray:
        """h Wᵀ + a of a dense block of the machine's dtype; unchecked, for inner loops.

        Parameters
        ----------
        h : (n, H) array

        Returns
        -------
        (n, D) array

        References
        ----------
        Book: (1.4), (2.6).

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rbm = rb.RBM(W=[[2.0], [-1.0]], a=[0.0, 0.25], b=[0.5])
        >>> rbm.visible_inputs(np.array([[1.0]]))
        array([[ 2.  , -0.75]])
        """
        return layers.inputs(self.hidden, h, self.W.T, self.a)

    def description(self) -> dict[str, Any]:
        """What the machine is: sizes, dtype, types of units and what is fixed of their numbers."""
        kinds, arrays = {"visible": self.visible, "hidden": self.hidden}, self.arrays()
        described = {layer: units.describe(unit, arrays) for layer, unit in kinds.items()}
        return super().description() | described

    def arrays(self) -> dict[str, np.ndarray]:
        """W, a, b and what the units learn, such as log-precisions; the live arrays."""
        own = {"W": self.W, "a": self.a, "b": self.b}
        for layer, unit in (("visible", self.visible), ("hidden", self.hidden)):
            own |= {f"{layer}.{i}": array for i, array in enumerate(unit.parameters())}
        return own

    @classmethod
    def _from(cls, description: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        kinds = (units.restore(description[layer], arrays) for layer in ("visible", "hidden"))
        return cls(arrays["W"], arrays["a"], arrays["b"], *kinds)

    def _by_rows(self, name: str, x: Any, unit: Unit, function: Callable) -> np.ndarray:
        """`function` of each dense block of rows of `x`, checked, joined along the rows."""
        self.require_finite()
        width = self.n_visible if name == "v" else self.n_hidden
        x = validation.matrix(name, x, width)
        with np.errstate(over="ignore", invalid="ignore"):
            parts = [
                rounding.held(function(block), self.W)
                for _, block in validation.blocks(name, x, unit, self.dtype, relaxed=True)
            ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _draw(
        self, name: str, x: Any, given: Unit, drawn: Unit, inputs: Callable, rng: Any
    ) -> np.ndarray:
        rng = validation.generator(rng)

        def rows(x: np.ndarray) -> np.ndarray:
            field = rounding.held(inputs(x), self.W)
            return drawn.sample(field, drawn.noise(field.shape, rng, self.dtype))

        return self._by_rows(name, x, given, rows)
