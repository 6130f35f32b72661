"""Dense layers of a feed-forward network, with arrays of their own or another layer's; a pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.networks.activations import named


class Dense:
    """A layer of units that are connected to all units below: f(x @ W + b).

    Parameters
    ----------
    W : (n_in, n_out) array
        Weights. Their dtype, float32 or float64, is the layer's and kept throughout; integers and
        lists become float64. Both parameters are copied.
    b : (n_out,) array
        Biases.
    activation : str
        "identity", "sigmoid", "tanh", "relu" max(x, 0), "leaky_relu" max(x, 0.2 x) or "softplus"
        log(1 + exp(x)). The slope of the two rectifiers at 0 is the one below 0.

    Raises
    ------
    ValueError
        If shapes do not fit, a parameter is not finite, or there is no such activation.
    TypeError
        If a parameter is not an array of real numbers, or the activation is not a string.

    Examples
    --------
    >>> import rbmbook as rb
    >>> layer = rb.Dense(W=[[1.0], [-2.0]], b=[0.5], activation="relu")
    >>> layer
    Dense(2 → 1 relu, float64)
    >>> layer([[1, 0], [0, 1]])
    array([[1.5], [0. ]])
    """

    def __init__(self, W: Any, b: Any, activation: str = "identity") -> None:
        W = validation.array("W", W)
        if W.ndim != 2 or 0 in W.shape:
            raise ValueError(f"W: expected shape (n_in, n_out), both ≥ 1, got {W.shape}")
        if W.dtype.kind != "f":
            W = W.astype(np.float64)
        dtype = validation.floating("W", W.dtype)
        self.W = validation.parameter("W", W, W.shape, dtype)
        self.b = validation.parameter("b", b, (W.shape[1],), dtype)
        self.function = named("activation", activation)

    @classmethod
    def random(
        cls,
        n_in: int,
        n_out: int,
        activation: str = "identity",
        rng: int | np.random.Generator = 0,
        dtype: np.dtype | type = np.float32,
    ) -> "Dense":
        """A layer with biases of zero and weights from N(0, scale²).

        Parameters
        ----------
        n_in, n_out : int ≥ 1
        activation : str
            The scale keeps the size of signals: 2 / (n_in + n_out) for scale² (Glorot and Bengio),
            times 4² for the sigmoid, whose slope at zero is a quarter; for relu and softplus
            2 / n_in and for leaky_relu 2 / (1 + 0.2²) / n_in (He et al.).
        rng : int or Generator
            Draws the (n_in, n_out) weights, in C order, in `dtype`.
        dtype : float32 or float64

        Returns
        -------
        Dense

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        References
        ----------
        Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural
        networks. He, Zhang, Ren and Sun (2015), Delving deep into rectifiers.

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.Dense.random(64, 10, "tanh", rng=0)
        Dense(64 → 10 tanh, float32)
        """
        shape = validation.integer("n_in", n_in), validation.integer("n_out", n_out)
        dtype = validation.floating("dtype", dtype)
        kind = named("activation", activation)
        fan = shape[0] if kind.rectifies else sum(shape)
        W = validation.generator(rng).standard_normal(shape, dtype=dtype)
        W *= dtype.type(kind.gain * np.sqrt(2 / fan))
        return cls(W, np.zeros(shape[1]), activation)

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep the shapes, the dtype and the order in memory of parameters that are replaced."""
        if name in ("W", "b") and name in self.__dict__:
            value = validation.parameter(name, value, getattr(self, name).shape, self.dtype)
        super().__setattr__(name, value)

    @property
    def n_in(self) -> int:
        """Number of columns that come in."""
        return self.W.shape[0]

    @property
    def n_out(self) -> int:
        """Number of units."""
        return self.W.shape[1]

    @property
    def dtype(self) -> np.dtype:
        """The dtype of parameters and outputs, float32 or float64."""
        return self.W.dtype

    @property
    def activation(self) -> str:
        """The name of the activation; ``layer.function`` is the `Activation` itself."""
        return self.function.name

    @property
    def parameters(self) -> list[np.ndarray]:
        """The layer's own arrays W and b: what is written to them changes the layer."""
        return [self.W, self.b]

    def __call__(self, x: Any) -> np.ndarray:
        """The outputs f(x @ W + b), shape (n, n_out), of a dense (n, n_in) array."""
        x = validation.dense(validation.matrix("x", x, self.n_in), self.dtype)
        inputs = self.inputs(x)
        return self.outputs(inputs, np.empty_like(inputs))

    def inputs(self, x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """x @ W + b of a dense block of the layer's dtype; unchecked, for inner loops.

        Parameters
        ----------
        x : (n, n_in) array
        out : (n, n_out) array, optional
            Where to write the result.

        Returns
        -------
        (n, n_out) array

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Dense(W=[[1.0], [-2.0]], b=[0.5], activation="relu").inputs(np.array([[0.0, 1.0]]))
        array([[-1.5]])
        """
        out = np.matmul(x, self.W, out=out)
        out += self.b
        return out

    def outputs(self, inputs: np.ndarray, out: np.ndarray) -> np.ndarray:
        """f(inputs); unchecked, for inner loops. `out` may be `inputs`, if more slowly.

        Parameters
        ----------
        inputs : (n, n_out) array
        out : (n, n_out) array
            Where to write the result.

        Returns
        -------
        (n, n_out) array
            `out` itself.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> layer = rb.Dense(W=[[1.0], [-2.0]], b=[0.5], activation="relu")
        >>> inputs = np.array([[-1.5], [2.0]])
        >>> layer.outputs(inputs, np.empty_like(inputs))
        array([[0.],
               [2.]])
        """
        self.function.value(inputs, out)
        return out

    def copy(self) -> "Dense":
        """A layer with copies of the parameters.

        Returns
        -------
        Dense

        Examples
        --------
        >>> import rbmbook as rb
        >>> layer = rb.Dense.random(3, 2, rng=0)
        >>> twin = layer.copy()
        >>> twin.W[:] = 0
        >>> bool((layer.W == 0).any())
        False
        """
        return self.astype(self.dtype)

    def astype(self, dtype: np.dtype | type) -> "Dense":
        """A copy whose parameters are float32 or float64.

        Parameters
        ----------
        dtype : float32 or float64

        Returns
        -------
        Dense

        Raises
        ------
        TypeError
            If the dtype is another one.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Dense.random(3, 2, rng=0).astype(np.float64)
        Dense(3 → 2 identity, float64)
        """
        dtype = validation.floating("dtype", dtype)
        return Dense(self.W.astype(dtype), self.b, self.activation)

    def __repr__(self) -> str:
        return f"Dense({self.n_in} → {self.n_out} {self.activation}, {self.dtype})"


class Transposed(Dense):
    """A layer whose weights are the transpose of another layer's: one array with two uses.

    Parameters
    ----------
    source : Dense
        The layer with the array, from m to k units; this one leads from k to m.
    b : (m,) array
        Biases of its own; used as they are, not copied.
    activation : str

    Raises
    ------
    ValueError, TypeError
        If there is no such activation.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> up = rb.Dense.random(3, 2, "sigmoid", rng=0)
    >>> down = rb.layers.Transposed(up, np.zeros(3, np.float32))
    >>> up.W[0, 1] = 7
    >>> down
    Transposed(2 → 3 identity, float32)
    >>> down.W[1, 0]
    np.float32(7.0)
    """

    def __init__(self, source: Dense, b: np.ndarray, activation: str = "identity") -> None:
        self.source = source
        self.b = b
        self.function = named("activation", activation)

    @property
    def W(self) -> np.ndarray:
        """The transpose of the source's weights, a view."""
        return self.source.W.T

    @W.setter
    def W(self, value: Any) -> None:
        self.source.W = np.transpose(value)

    def __repr__(self) -> str:
        return super().__repr__().replace("Dense", "Transposed")


class Logits(Dense):
    """Another layer without its activation: what a loss wants that applies its own.

    Parameters
    ----------
    source : Dense

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> layer = rb.Dense.random(3, 2, "sigmoid", rng=0)
    >>> logits = rb.layers.Logits(layer)([[1, 0, 1]])
    >>> bool(np.allclose(1 / (1 + np.exp(-logits)), layer([[1, 0, 1]])))
    True
    """

    def __init__(self, source: Dense) -> None:
        self.source = source
        self.function = named("activation", "identity")

    @property
    def W(self) -> np.ndarray:  # type: ignore[override]  # read, never replaced
        """The source's weights."""
        return self.source.W

    @property
    def b(self) -> np.ndarray:  # type: ignore[override]
        """The source's biases."""
        return self.source.b


def forward(layers: Sequence[Dense], x: np.ndarray) -> list[np.ndarray]:
    """The outputs of each of a stack of layers for a dense block x; unchecked.

    Parameters
    ----------
    layers : sequence of Dense
    x : (n, n_in) array

    Returns
    -------
    list of (n, n_out) arrays

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> layers = [rb.Dense.random(4, 3, "tanh", rng=0), rb.Dense.random(3, 2, rng=1)]
    >>> [outputs.shape for outputs in rb.layers.forward(layers, np.ones((5, 4), np.float32))]
    [(5, 3), (5, 2)]
    """
    found = []
    for layer in layers:
        inputs = layer.inputs(x)
        x = layer.outputs(inputs, np.empty_like(inputs))
        found.append(x)
    return found


@dataclass
class Trace:
    """What a forward pass leaves behind, layer by layer.

    Attributes
    ----------
    x : (n, n_in) array
        What the network was given.
    inputs, outputs : lists of (n, n_out) arrays
        Of each layer: z = (what comes in) @ W + b, and f(z). The same array where f is the
        identity.
    deltas : list of (n, n_out) arrays
        After a backward pass: the gradient with respect to each layer's inputs z.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> net = rb.Network.random((4, 3, 2), activation="tanh", rng=0)
    >>> trace = net.forward(np.ones((5, 4)))
    >>> [outputs.shape for outputs in trace.outputs]
    [(5, 3), (5, 2)]
    """

    x: np.ndarray
    inputs: list[np.ndarray]
    outputs: list[np.ndarray]
    deltas: list[np.ndarray]

    def first(self, n: int) -> "Trace":
        """The first n rows, sharing the memory.

        Parameters
        ----------
        n : int ≥ 0

        Returns
        -------
        Trace

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> trace = rb.Network.random((4, 3, 2), rng=0).forward(np.ones((5, 4)))
        >>> trace.first(2).outputs[-1].shape
        (2, 2)
        """
        lists = self.inputs, self.outputs, self.deltas
        return Trace(self.x[:n], *([array[:n] for array in arrays] for arrays in lists))
