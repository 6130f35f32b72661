"""The deep belief network: a restricted Boltzmann machine on top, arrows down to the data.

With layers x⁰ = v, x¹, …, xᴸ and one machine between each pair, the model is

    p(v, x¹, …, xᴸ) = p(v | x¹) p(x¹ | x²) ⋯ p(xᴸ⁻² | xᴸ⁻¹) · p(xᴸ⁻¹, xᴸ),

where the last factor is the whole top machine and each of the others is one conditional of a lower
machine. The way up, q(x¹ | v) q(x² | x¹) ⋯, uses the other conditional of each lower machine: an
approximation of the posterior, exact only in special cases.

What is done with a network stands in modules of their own, whose functions are its methods: greedy
training in `greedy`, the up-down algorithm in `wake_sleep`, log p(v) and its bound in `bound`.

References
----------
Hinton, Osindero and Teh (2006), A fast learning algorithm for deep belief nets.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from rbmbook import validation
from rbmbook.autoencoder.model import Autoencoder
from rbmbook.dbn import bound as bounds
from rbmbook.dbn import greedy, machines, wake_sleep
from rbmbook.description import Model, joined, part
from rbmbook.machine.directed import Directed
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Bernoulli, Unit
from rbmbook.networks import unroll
from rbmbook.networks.layers import Dense
from rbmbook.networks.network import Network
from rbmbook.sampling import gibbs


class DBN(Model):
    """A deep belief network, made of restricted Boltzmann machines from bottom to top.

    Parameters
    ----------
    rbms : sequence of RBM
        The hidden layer of each is the visible layer of the next: as wide, of the same type of
        units and of one dtype. The machines are copied.

    Attributes
    ----------
    rbms : list of RBM
        The top one is a machine as it is. Of a lower one, W, a and the visible units generate, b
        and the hidden units are used on the way up.

    Raises
    ------
    ValueError, TypeError
        If there is no machine, one is not a machine, or two neighbours do not fit.

    References
    ----------
    Hinton, Osindero and Teh (2006), A fast learning algorithm for deep belief nets.

    Examples
    --------
    >>> import rbmbook as rb
    >>> from rbmbook.dbn.model import DBN
    >>> X = rb.data.bars_and_stripes(3)
    >>> dbn = DBN.random([9, 8, 4], rng=0, data=X)
    >>> dbn
    DBN(9-8-4, float32)
    >>> history = dbn.fit(X, epochs=5, rng=0, progress=False)
    >>> dbn.transform(X).shape, dbn.sample(5, rng=0, steps=10).shape
    ((14, 4), (5, 9))
    """

    def __init__(self, rbms: Iterable[RBM]) -> None:
        self.rbms = machines.copies(rbms)
        self._weights_up: list[np.ndarray] | None = None  # of the way up, once it is untied

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        rng: int | np.random.Generator = 0,
        scale: float = 0.01,
        dtype: np.dtype | type = np.float32,
        visible: Unit = Bernoulli(),
        hidden: Unit | Sequence[Unit] = Bernoulli(),
        data: Any = None,
    ) -> Self:
        """A network with weights from N(0, scale²) and biases of zero.

        Parameters
        ----------
        sizes : sequence of two or more int ≥ 1
            The widths of the layers, from the visible one up.
        rng : int or Generator
            Draws the weights, machine by machine from the bottom.
        scale : float ≥ 0
        dtype : float32 or float64
        visible : unit
        hidden : unit, or one for each hidden layer
        data : (n, D) array or sparse matrix, optional
            Where given, the visible biases start where the machine without hidden units fits the
            data's mean.

        Returns
        -------
        DBN

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.DBN.random((64, 100, 50), rng=0, visible=rb.Gaussian())
        DBN(64-100-50, float32)
        """
        return cls(machines.at_random(sizes, rng, scale, dtype, visible, hidden, data))

    fit = greedy.fit
    up_down = wake_sleep.up_down
    bound = bounds.bound
    log_weights = bounds.log_weights
    log_likelihood = bounds.log_likelihood

    @property
    def sizes(self) -> list[int]:
        """The widths of the layers, from the visible one up."""
        return [self.rbms[0].n_visible, *(rbm.n_hidden for rbm in self.rbms)]

    @property
    def dtype(self) -> np.dtype:
        """The dtype of all parameters, means and samples, float32 or float64."""
        return self.rbms[0].dtype

    @property
    def recognition(self) -> list[Directed]:
        """The way up: q(xˡ⁺¹ | xˡ) of each layer below the top machine.

        Their weights W are those of the machines, the same arrays, until `up_down` unties them.
        """
        lower = self.rbms[:-1]
        weights = [rbm.W for rbm in lower] if self._weights_up is None else self._weights_up
        return [Directed(W, rbm.b, rbm.hidden) for W, rbm in zip(weights, lower, strict=True)]

    @property
    def generation(self) -> list[Directed]:
        """The way down: p(xˡ | xˡ⁺¹) of each layer below the top machine."""
        return [Directed.down(rbm) for rbm in self.rbms[:-1]]

    @property
    def ways_up(self) -> list[Directed]:
        """The way up with the top machine's p(h | v) at its end."""
        return [*self.recognition, Directed.up(self.rbms[-1])]

    @property
    def tied(self) -> bool:
        """Whether the way up still has the weights of the way down."""
        return self._weights_up is None

    def tie(self) -> list[np.ndarray] | None:
        """Give the way up the weights of the way down again; returns those that it had, or None.

        Returns
        -------
        list of arrays or None

        Examples
        --------
        >>> import rbmbook as rb
        >>> dbn = rb.DBN.random((6, 4, 3), rng=0)
        >>> dbn.untie()
        >>> [W.shape for W in dbn.tie()], dbn.tied
        ([(6, 4)], True)
        """
        own, self._weights_up = self._weights_up, None
        return own

    def untie(self, own: list[np.ndarray] | None = None) -> None:
        """Give the way up these weights, or for None a copy of those of the way down.

        No change if it has weights of its own.

        Parameters
        ----------
        own : list of arrays, optional
            One for each layer below the top machine; used as they are.

        Examples
        --------
        >>> import rbmbook as rb
        >>> dbn = rb.DBN.random((6, 4, 3), rng=0)
        >>> dbn.untie()
        >>> dbn.recognition[0].W is dbn.rbms[0].W, dbn.tied
        (False, False)
        """
        if self._weights_up is None:
            self._weights_up = own or [rbm.W.copy() for rbm in self.rbms[:-1]]

    def require_finite(self) -> None:
        """Raise if a parameter is not finite: they can be written in place.

        Raises
        ------
        ValueError
            If a parameter, or a sum of a machine's, is NaN or infinite.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> dbn = rb.DBN.random((6, 4, 3), rng=0)
        >>> dbn.rbms[1].W[0, 0] = np.nan
        >>> dbn.require_finite()
        Traceback (most recent call last):
            ...
        ValueError: rbm: expected finite parameters, got NaN or infinity in W (RBM(4 visible ...))
        """
        for rbm in self.rbms:
            rbm.require_finite()
        for layer, W in enumerate(self._weights_up or [], start=1):
            if not np.isfinite(W).all():
                raise ValueError(
                    f"recognition: expected finite weights, got NaN or infinity in layer {layer}"
                )

    def description(self) -> dict[str, Any]:
        """What the network is: its machines, and whether the way up has their weights."""
        machines = [rbm.description() for rbm in self.rbms]
        return super().description() | {"rbms": machines, "tied": self.tied}

    def arrays(self) -> dict[str, np.ndarray]:
        """What the machines have learned, and the weights of the way up if they are not tied."""
        own = {f"W{i}": W for i, W in enumerate(self._weights_up or [])}
        machines = {f"rbm{i}": rbm.arrays() for i, rbm in enumerate(self.rbms)}
        return joined(**machines, recognition=own)

    @classmethod
    def _from(cls, description: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        machines = enumerate(description["rbms"])
        stack = cls(RBM.restore(own, part(f"rbm{i}", arrays)) for i, own in machines)
        if not description["tied"]:
            stack.untie()
        return stack

    def _words(self) -> str:
        return "-".join(map(str, self.sizes))

    def transform(self, X: Any, layer: int | None = None) -> np.ndarray:
        """The means of a hidden layer, on a way up on which means stand in for states.

        Parameters
        ----------
        X : (n, D) array or sparse matrix
            Visible states, or means (in [0, 1] for Bernoulli units).
        layer : int from 1 to the number of machines, optional
            The hidden layer; the top one by default.

        Returns
        -------
        (n, width of the layer) array of the network's dtype

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit, a value is outside the domain, or there is no such layer.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> dbn = rb.DBN.random((6, 4, 3), rng=0)
        >>> X = np.ones((5, 6))
        >>> dbn.transform(X).shape, dbn.transform(X, layer=1).shape
        ((5, 3), (5, 4))
        """
        depth = len(self.rbms)
        layer = depth if layer is None else validation.integer("layer", layer)
        if layer > depth:
            raise ValueError(f"layer: expected an integer from 1 to {depth}, got {layer}")
        self.require_finite()
        ways = self.ways_up[:layer]
        X = validation.matrix("X", X, self.sizes[0])
        parts = []
        for _, x in validation.blocks("X", X, self.rbms[0].visible, self.dtype, relaxed=True):
            for way in ways:
                x = way.mean(x)
            parts.append(x)
        return np.concatenate(parts)

    def sample(
        self,
        n: int,
        rng: int | np.random.Generator,
        steps: int = 1000,
        means: bool = False,
        start: Any = None,
    ) -> np.ndarray:
        """Draw from the model: Gibbs sampling in the top machine, then one pass down.

        Parameters
        ----------
        n : int ≥ 1
            Number of samples, one chain each.
        rng : int or Generator
            Draws the start, the chains, then the states down, layer by layer.
        steps : int ≥ 0
            Gibbs steps of the top machine's chains.
        means : bool
            Return E[v | x¹] at the end of the way instead of a draw: grey pictures, less noise.
        start : (n, D) array or sparse matrix, optional
            Visible states from which the chains start, after a sampled pass up; random by default.

        Returns
        -------
        (n, D) array of the network's dtype

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        References
        ----------
        Hinton, Osindero and Teh (2006), section 7 ("Looking into the mind of a neural network").

        Examples
        --------
        >>> import rbmbook as rb
        >>> dbn = rb.DBN.random((6, 4, 3), rng=0)
        >>> dbn.sample(5, rng=0, steps=10).shape
        (5, 6)
        """
        self.require_finite()
        n, rng = validation.integer("n", n), validation.generator(rng)
        validation.instance("means", means, (bool, np.bool_))
        x = n if start is None else self._pass_up(start, n, rng)
        top = self.rbms[-1]
        x = gibbs.run(top, x, steps, rng)
        if not self.generation:
            return top.visible_mean(top.sample_hidden(x, rng)) if means else x
        for way in self.generation[:0:-1]:
            x = way.sample(x, rng)
        last = self.generation[0]
        return last.mean(x) if means else last.sample(x, rng)

    def _pass_up(self, start: Any, n: int, rng: np.random.Generator) -> np.ndarray:
        start = validation.matrix("start", start, self.sizes[0])
        if start.shape[0] != n:
            raise ValueError(f"start: expected {n} rows, one per sample, got {start.shape}")
        x = validation.rows("start", start, self.rbms[0].visible, self.dtype)
        for way in self.recognition:
            x = way.sample(x, rng)
        return x

    def classifier(self, n_classes: int, rng: int | np.random.Generator = 0) -> Network:
        """The way up as a feed-forward network, with a new layer of logits on top.

        Parameters
        ----------
        n_classes : int ≥ 2
        rng : int or Generator
            Draws the weights of the new layer; its biases are zero.

        Returns
        -------
        Network
            On copies of all arrays; its layer below the logits computes `transform`. Train it by
            `Network.fit`.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above, or a hidden layer's mean is not an activation
            (softmax, and the truncated Gaussian ReLU).

        References
        ----------
        Hinton and Salakhutdinov (2006), Reducing the dimensionality of data with neural networks.
        Bengio, Lamblin, Popovici and Larochelle (2007), Greedy layer-wise training of deep
        networks.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X, y = rb.data.digits()
        >>> dbn = rb.DBN.random((64, 30, 20), rng=0, data=X)
        >>> _ = dbn.fit(X[:500], epochs=5, progress=False)
        >>> net = dbn.classifier(10, rng=0)
        >>> _ = net.fit(X[:500], y[:500], epochs=60, progress=False)
        >>> bool((net.predict(X[500:]) == y[500:]).mean() > 0.7)
        True
        """
        n_classes = validation.integer("n_classes", n_classes, minimum=2)
        logits = Dense.random(self.sizes[-1], n_classes, "identity", rng, self.dtype)
        return Network([*map(unroll.dense, self.ways_up), logits])

    def autoencoder(self, tied: bool = False) -> Autoencoder:
        """The way up and the way down as one deep autoencoder, on copies of all arrays.

        Layer by layer the encoder computes E[h | v] and the decoder E[v | h], so that the units
        decide the activations: sigmoid for Bernoulli, tanh for spins, identity for Gaussian (whose
        variance is multiplied into weights and biases), softplus for noisy rectifiers. A Gaussian
        top layer gives the linear code of Hinton and Salakhutdinov.

        Parameters
        ----------
        tied : bool
            Keep one array for both directions. Not possible for Gaussian units of a variance that
            is not 1, which scale the two directions differently, nor after `up_down`.

        Returns
        -------
        Autoencoder

        Raises
        ------
        ValueError, TypeError
            If a layer's mean is not an activation (softmax, and the truncated Gaussian ReLU), or
            the two directions cannot be tied.

        References
        ----------
        Hinton and Salakhutdinov (2006), Reducing the dimensionality of data with neural networks.

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.DBN.random((64, 30, 8), rng=0).autoencoder()
        Autoencoder(64 → 30 sigmoid → 8 sigmoid → 30 sigmoid → 64 sigmoid, float32)
        """
        ways_down = [Directed.down(rbm) for rbm in reversed(self.rbms)]
        up, down = ([*map(unroll.dense, ways)] for ways in (self.ways_up, ways_down))
        if validation.instance("tied", tied, (bool, np.bool_)):
            for one, other in zip(up, down[::-1], strict=True):
                if not np.array_equal(one.W, other.W.T):
                    raise ValueError("tied: expected the same weights up and down, got others")
        return Autoencoder(Network(up), Network(down), tied)


def transposed(rbm: RBM) -> RBM:
    """The same machine upside down: its hidden layer is the visible one of the copy.

    On top of the machine itself it gives a deep belief network with the same p(v): the start from
    which training the new layer can only raise the bound.

    References
    ----------
    Hinton, Osindero and Teh (2006), section 4. Book: (12.6).
    """
    rbm = validation.instance("rbm", rbm, RBM)
    return RBM(rbm.W.T, rbm.b, rbm.a, rbm.hidden, rbm.visible)
