"""Feed-forward networks: dense layers one after the other, and back-propagation through them."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from rbmbook.description import Model
from rbmbook.machine.units import Gaussian
from rbmbook.networks import losses
from rbmbook.networks.activations import named
from rbmbook.networks.layers import Dense, Trace, forward
from rbmbook.networks.supervised import Supervised
from rbmbook.training.history import History
from rbmbook.training.loop import train
from rbmbook.training.optimize import Adam, Optimizer
from rbmbook.training.penalties import Penalties
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, refuse
from rbmbook.training.plan import plan as planned
from rbmbook.validation import blocks, dense, generator, instance, integer, matrix

_REFUSED = {
    "negative": "a network has no model term, its gradient is exact",
    "centered": "a network's gradient is not a difference of two averages; standardise X",
    "sparsity": "targets say what the outputs are to be; `l1` makes weights sparse",
}


class Network(Model):
    """A feed-forward network: each layer's outputs are what comes in to the next.

    Parameters
    ----------
    layers : sequence of Dense
        From the bottom up. They are used as they are, not copied, so networks may share layers.

    Raises
    ------
    ValueError
        If there is no layer, or widths or dtypes of neighbours do not fit.
    TypeError
        If a layer is not one.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors.

    Examples
    --------
    >>> import rbmbook as rb
    >>> net = rb.Network.random((4, 3, 2), activation="tanh", rng=0)
    >>> net
    Network(4 → 3 tanh → 2 identity, float32)
    >>> net([[0, 1, 0, 1]]).shape
    (1, 2)
    """

    def __init__(self, layers: Sequence[Dense]) -> None:
        try:
            layers = list(layers)
        except TypeError:
            raise TypeError(f"layers: expected a sequence of Dense, got {layers!r}") from None
        if not layers:
            raise ValueError("layers: expected at least one layer, got none")
        for i, layer in enumerate(layers):
            instance(f"layers[{i}]", layer, Dense)
            if layer.dtype != layers[0].dtype:
                raise ValueError(
                    f"layers[{i}]: expected {layers[0].dtype} as below, got {layer.dtype}"
                )
            if i and layer.n_in != layers[i - 1].n_out:
                raise ValueError(
                    f"layers[{i}]: expected n_in = {layers[i - 1].n_out}, the width below, "
                    f"got {layer.n_in}"
                )
        self.layers: list[Dense] = layers

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        activation: str = "sigmoid",
        output: str = "identity",
        rng: int | np.random.Generator = 0,
        dtype: np.dtype | type = np.float32,
    ) -> "Network":
        """A network of layers made by `Dense.random`.

        Parameters
        ----------
        sizes : sequence of at least two ints ≥ 1
            Widths from the data to the output.
        activation, output : str
            Activation of the hidden layers, and of the last one.
        rng : int or Generator
            Draws the weights, from the bottom up.
        dtype : float32 or float64

        Returns
        -------
        Network

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.Network.random((64, 100, 10), activation="relu", rng=0)
        Network(64 → 100 relu → 10 identity, float32)
        """
        try:
            sizes = [integer("sizes", size) for size in sizes]
        except TypeError:
            raise TypeError(f"sizes: expected a sequence of integers, got {sizes!r}") from None
        if len(sizes) < 2:
            raise ValueError(f"sizes: expected at least two widths, got {sizes}")
        rng = generator(rng)
        named("activation", activation)
        named("output", output)
        kinds = [activation] * (len(sizes) - 2) + [output]
        pairs = zip(sizes[:-1], sizes[1:], kinds, strict=True)
        return cls([Dense.random(*pair, rng, dtype) for pair in pairs])

    @property
    def sizes(self) -> tuple[int, ...]:
        """Widths from the data to the output."""
        return (self.layers[0].n_in, *(layer.n_out for layer in self.layers))

    @property
    def dtype(self) -> np.dtype:
        """The dtype of all parameters and outputs, float32 or float64."""
        return self.layers[0].dtype

    @property
    def parameters(self) -> list[np.ndarray]:
        """W and b of each layer from the bottom up, the layers' own arrays."""
        return [parameter for layer in self.layers for parameter in layer.parameters]

    def __call__(self, x: Any) -> np.ndarray:
        """The outputs of the last layer, shape (n, n_out).

        Parameters
        ----------
        x : (n, n_in) array or sparse matrix

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.
        """
        return self._by_rows("x", x, lambda outputs: outputs)

    def probabilities(self, X: Any) -> np.ndarray:
        """The softmax of the outputs, shape (n, n_out): what the loss "softmax" teaches.

        Parameters
        ----------
        X : (n, n_in) array or sparse matrix

        Returns
        -------
        (n, n_out) array

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.Network.random((4, 3), rng=0).probabilities([[0, 1, 0, 1]]).sum().round(4)
        np.float32(1.0)
        """
        return self._by_rows("X", X, losses.probabilities)

    def predict(self, X: Any) -> np.ndarray:
        """The label, from 0 to n_out − 1, with the largest output for each row, shape (n,).

        Parameters
        ----------
        X : (n, n_in) array or sparse matrix

        Returns
        -------
        (n,) array of ints

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.

        Examples
        --------
        >>> import rbmbook as rb
        >>> layer = rb.Dense(W=[[1.0, -1.0]], b=[0.0, 0.5])
        >>> rb.Network([layer]).predict([[1.0], [-1.0]])
        array([0, 1])
        """
        return self._by_rows("X", X, lambda outputs: outputs.argmax(axis=1))

    def trace(self, n: int) -> Trace:
        """Memory for the passes of n rows.

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
        >>> net = rb.Network.random((4, 3, 2), rng=0)
        >>> memory = net.trace(5)
        >>> net.forward(np.ones((5, 4)), out=memory) is memory
        True
        """
        inputs = [np.empty((n, layer.n_out), self.dtype) for layer in self.layers]
        outputs = [
            z if layer.activation == "identity" else np.empty_like(z)
            for layer, z in zip(self.layers, inputs, strict=True)
        ]
        nothing = np.empty((0, self.layers[0].n_in), self.dtype)
        return Trace(nothing, inputs, outputs, [np.empty_like(z) for z in inputs])

    def forward(self, x: np.ndarray, out: Trace | None = None) -> Trace:
        """Inputs and outputs of every layer, for `backward` or to look at.

        Parameters
        ----------
        x : (n, n_in) dense array
            Its values are not looked at: this is made for inner loops.
        out : Trace, optional
            Memory for n rows, from ``net.trace(n)``; its contents are replaced.

        Returns
        -------
        Trace

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> net = rb.Network.random((4, 3, 2), activation="tanh", rng=0)
        >>> x = np.ones((5, 4), np.float32)
        >>> bool(np.allclose(net.forward(x).outputs[-1], net(x)))
        True
        """
        x = dense(matrix("x", x, self.layers[0].n_in), self.dtype)
        trace = self.trace(len(x)) if out is None else out
        trace.x = x
        for layer, inputs, outputs in zip(self.layers, trace.inputs, trace.outputs, strict=True):
            x = layer.outputs(layer.inputs(x, out=inputs), out=outputs)
        return trace

    def backward(
        self,
        trace: Trace,
        output_gradient: np.ndarray,
        out: list[np.ndarray] | None = None,
        to_data: bool = True,
    ) -> tuple[list[np.ndarray], Any]:
        """Gradients by the chain rule, summed over the rows.

        From the top down, with g the gradient with respect to a layer's outputs f(z):
        δ = g · f′(z),  ∂W = xᵀ δ,  ∂b = Σ_rows δ,  and g of the layer below is δ Wᵀ.

        Parameters
        ----------
        trace : Trace
            Of the forward pass; its `deltas` are filled.
        output_gradient : (n, n_out) array
            The gradient with respect to the network's outputs.
        out : list of arrays, optional
            Where to write the gradients, with shapes as in `parameters`.
        to_data : bool
            False saves the last product, the gradient with respect to x, and returns None for it.

        Returns
        -------
        gradients : list of arrays
            One for each of `parameters`.
        data_gradient : (n, n_in) array or None

        Raises
        ------
        ValueError
            If the shape of the gradient is not that of the outputs.

        References
        ----------
        Book: (12.10), (14.2).

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> net = rb.Network([rb.Dense(W=[[2.0]], b=[1.0])])
        >>> trace = net.forward(np.array([[3.0]]))
        >>> gradients, to_data = net.backward(trace, np.array([[1.0]]))  # of the output 2x + 1
        >>> gradients, to_data  # with respect to W and b, and to x
        ([array([[3.]]), array([1.])], array([[2.]]))
        """
        if np.shape(output_gradient) != trace.outputs[-1].shape:
            raise ValueError(
                f"output_gradient: expected shape {trace.outputs[-1].shape}, "
                f"got {np.shape(output_gradient)}"
            )
        gradients = [np.empty_like(p) for p in self.parameters] if out is None else out
        trace.deltas[-1][...] = output_gradient
        for i in reversed(range(len(self.layers))):
            layer, delta = self.layers[i], trace.deltas[i]
            below = trace.outputs[i - 1] if i else trace.x
            layer.function.pull_back(delta, trace.outputs[i])
            np.matmul(below.T, delta, out=gradients[2 * i])
            np.sum(delta, axis=0, out=gradients[2 * i + 1])
            if i:
                np.matmul(delta, layer.W.T, out=trace.deltas[i - 1])
        return gradients, trace.deltas[0] @ self.layers[0].W.T if to_data else None

    def fit(
        self,
        X: Any,
        y: Any,
        epochs: int | None = None,
        batch_size: int = 100,
        optimizer: Optimizer = Adam(0.01),
        *,
        loss: str = "softmax",
        weight_decay: float = 0.0,
        l1: float = 0.0,
        input_dropout: float = 0.0,
        sample_weight: Any = None,
        validation: tuple[Any, Any] | None = None,
        rng: int | np.random.Generator = 0,
        progress: bool = True,
        callbacks: Sequence[Function] = (),
        early_stopping: EarlyStopping | None = None,
        checkpoint: str | os.PathLike | Checkpoint | None = None,
        history: History | None = None,
        **refused: Any,
    ) -> History:
        """Train the network in place by descending the mean loss of its outputs.

        Parameters
        ----------
        X : (n, n_in) array or sparse matrix
            Of any real dtype; only one batch at a time is converted to the network's.
        y : (n,) array of ints, or (n, n_out) array or sparse matrix
            Labels from 0 to n_out − 1 for the loss "softmax", targets in [0, 1] for "binary", any
            finite ones for "squared".
        epochs : int ≥ 0, optional
            Passes over X. If None, 10, or as many as make 3,000 updates, but no more than 1,000.
        batch_size : int ≥ 1
            Rows per update; the last batch of an epoch may be shorter and is averaged over its own
            rows. A size above n is one full batch.
        optimizer : optimizer
            ``rb.SGD(rate, momentum)`` or ``rb.Adam(rate)``.
        loss : "softmax", "binary" or "squared"
            `losses.softmax_cross_entropy`, `losses.binary_cross_entropy` (both of outputs without
            an activation) or `losses.squared_error`.
        weight_decay, l1 : float ≥ 0
            λ of the penalties ½ λ ‖W‖² and λ Σ |W_ij| of every layer; biases stay free.
        input_dropout : float in [0, 1)
            Share of a batch's entries that are set to zero, chosen anew at each update; the others
            are divided by 1 − input_dropout.
        sample_weight : (n,) array, optional
            Weights ≥ 0 of the rows; only their ratios matter. A row counts as that many rows, in
            the gradient and in the monitors of the epoch.
        validation : pair (X, y), optional
            Held-out examples; adds the monitors `validation_loss` and, with labels,
            `validation_error`.
        rng : int or Generator
            Each epoch draws a permutation of the rows, then its batches' noise in order.
        progress, callbacks, early_stopping, checkpoint, history
            As for `rb.fit`; a callback is called as ``callback(net, history)``.

        Returns
        -------
        History
            Per epoch `epoch`, `seconds`, `loss` and, with labels, `error` (share of wrong ones):
            means over the epoch's batches as they were met, before their update and without the
            penalty; the `validation_…` ones are of the network after the epoch, and so are, with
            hidden layers, `constant_features` and `saturated_features` (share of the outputs that
            hardly vary over 256 training rows drawn at random once and for all, and that are at an
            end of their range, in the worst hidden layer; see `monitors.Shares`).

        Raises
        ------
        ValueError, TypeError
            If an argument is outside its range or of the wrong type.
        DivergenceError
            If a parameter or the loss becomes infinite or NaN; the network is then as it was after
            the last finite epoch.

        Warns
        -----
        TrainingWarning
            If 90 % of the outputs of a hidden layer are constant: from 200 updates on,
            or at once where they are stuck at an end of their range.

        References
        ----------
        Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
        >>> net = rb.Network.random((2, 8, 2), activation="tanh", rng=0)
        >>> history = net.fit(X, y, epochs=300, progress=False)
        >>> net.predict(X), float(history["error"][-1])
        (array([0, 1, 1, 0]), 0.0)
        """
        refuse(refused, _REFUSED, "Network.fit")
        X = matrix("X", X, self.sizes[0])
        plan = planned(
            X.shape[0],
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            rng=rng,
            progress=progress,
            callbacks=callbacks,
            early_stopping=early_stopping,
            checkpoint=checkpoint,
            history=history,
        )
        penalties = Penalties(weight_decay, l1)
        run = Supervised(
            self, X, y, plan, loss, penalties, input_dropout, sample_weight, validation
        )
        return train(run)

    def description(self) -> dict[str, Any]:
        """What the network is: sizes, dtype, activations, and which layer comes at which place."""
        own = self._own_layers()
        activations = [layer.activation for layer in own]
        return super().description() | {
            "activations": activations,
            "layers": [own.index(layer) for layer in self.layers],
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """W and b of each layer from the bottom up, once for a layer that comes twice."""
        own = enumerate(self._own_layers())
        return {
            f"{name}{i}": array
            for i, layer in own
            for name, array in zip("Wb", layer.parameters, strict=True)
        }

    @classmethod
    def _from(cls, description: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        own = [
            Dense(arrays[f"W{i}"], arrays[f"b{i}"], activation)
            for i, activation in enumerate(description["activations"])
        ]
        return cls([own[i] for i in description["layers"]])

    def _own_layers(self) -> list[Dense]:
        return list(dict.fromkeys(self.layers))

    def _words(self) -> str:
        layers = "".join(f" → {layer.n_out} {layer.activation}" for layer in self.layers)
        return f"{self.sizes[0]}{layers}"

    def blocks(self, name: str, x: Any) -> Iterator[tuple[slice, np.ndarray]]:
        """Row blocks of `x`, each checked, dense and of the network's dtype.

        Parameters
        ----------
        name : str
            The argument's, for errors.
        x : (n, n_in) array or sparse matrix

        Yields
        ------
        rows : slice
        block : array

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> net = rb.Network.random((4, 3), rng=0)
        >>> [block.shape for _, block in net.blocks("x", np.ones((1500, 4)))]
        [(1024, 4), (476, 4)]
        """
        x = matrix(name, x, self.sizes[0])
        yield from blocks(name, x, Gaussian(), self.dtype)

    def _by_rows(self, name: str, x: Any, function: Callable) -> np.ndarray:
        """`function` of the outputs of each block of rows, joined along the rows."""
        blocks = self.blocks(name, x)
        return np.concatenate([function(forward(self.layers, block)[-1]) for _, block in blocks])
