"""Machines on top of one another: the hidden layer of each is the visible layer of the next.

What such a stack has whatever it is trained for: sizes, the ways up and down, networks, files.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np

from rbmbook import validation
from rbmbook.autoencoder.model import Autoencoder
from rbmbook.description import Model, joined, part
from rbmbook.machine.directed import Directed
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Bernoulli, Unit
from rbmbook.networks import unroll
from rbmbook.networks.layers import Dense
from rbmbook.networks.network import Network


class Stack(Model):
    """Restricted Boltzmann machines from bottom to top.

    Parameters
    ----------
    rbms : sequence of RBM
        The hidden layer of each is the visible layer of the next: as wide, of the same type of
        units and of one dtype. The machines are copied.

    Raises
    ------
    ValueError, TypeError
        If there is no machine, one is not a machine, or two neighbours do not fit.
    """

    def __init__(self, rbms: Iterable[RBM]) -> None:
        rbms = list(rbms)
        if not rbms:
            raise ValueError("rbms: expected one machine or more, got none")
        self.rbms = [validation.instance("rbms", rbm, RBM).copy() for rbm in rbms]
        for layer, (below, above) in enumerate(pairwise(self.rbms), start=1):
            _check_neighbours(layer, below, above)
        self._recognition: list[np.ndarray] | None = None  # weights of their own, once untied

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

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.
        """
        sizes, rng = (
            [validation.integer("sizes", size) for size in sizes],
            validation.generator(rng),
        )
        if len(sizes) < 2:
            raise ValueError(f"sizes: expected two layers or more, got {sizes}")
        kinds = [hidden] * (len(sizes) - 1) if isinstance(hidden, Unit) else list(hidden)
        if len(kinds) != len(sizes) - 1:
            raise ValueError(f"hidden: expected {len(sizes) - 1} units, got {len(kinds)}")
        kinds = [visible, *kinds]
        return cls(
            RBM.random(
                *(sizes[i], sizes[i + 1]),
                **{"rng": rng, "scale": scale, "dtype": dtype},
                **{"visible": kinds[i], "hidden": kinds[i + 1]},
                data=data if i == 0 else None,
            )
            for i in range(len(sizes) - 1)
        )

    @property
    def sizes(self) -> list[int]:
        """The widths of the layers, from the visible one up."""
        return [self.rbms[0].n_visible, *(rbm.n_hidden for rbm in self.rbms)]

    @property
    def dtype(self) -> np.dtype:
        """The dtype of all parameters, means and samples: float32 or float64."""
        return self.rbms[0].dtype

    @property
    def recognition(self) -> list[Directed]:
        """The way up: q(xˡ⁺¹ | xˡ) of each layer below the top machine.

        Their weights W are those of the machines, the same arrays, until `up_down` unties them.
        """
        lower = self.rbms[:-1]
        weights = [rbm.W for rbm in lower] if self._recognition is None else self._recognition
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
        return self._recognition is None

    def tie(self) -> None:
        """Let the way up have the weights of the way down again."""
        self._recognition = None

    def untie(self) -> None:
        """Give the way up weights of its own, which start as a copy; no change if it has them."""
        if self._recognition is None:
            self._recognition = [rbm.W.copy() for rbm in self.rbms[:-1]]

    def require_finite(self) -> None:
        """Raise if a parameter is not finite: they can be written in place."""
        for rbm in self.rbms:
            rbm.require_finite()
        for layer, W in enumerate(self._recognition or [], start=1):
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
        own = {f"W{i}": W for i, W in enumerate(self._recognition or [])}
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
        """
        n_classes = validation.integer("n_classes", n_classes, minimum=2)
        logits = Dense.random(self.sizes[-1], n_classes, "identity", rng, self.dtype)
        return Network([*map(unroll.dense, self.ways_up), logits])

    def autoencoder(self) -> Autoencoder:
        """The way up and the way down as one deep autoencoder, on copies of all arrays.

        Its `encode` computes `transform`; its decoder carries means down.

        Raises
        ------
        ValueError
            If a layer's mean is not an activation (softmax, and the truncated Gaussian ReLU).

        References
        ----------
        Hinton and Salakhutdinov (2006), Reducing the dimensionality of data with neural networks.
        """
        down = [Directed.down(rbm) for rbm in reversed(self.rbms)]
        return Autoencoder(*(Network([*map(unroll.dense, ways)]) for ways in (self.ways_up, down)))


def _check_neighbours(layer: int, below: RBM, above: RBM) -> None:
    if below.n_hidden != above.n_visible:
        raise ValueError(
            f"rbms: expected {below.n_hidden} visible units in machine {layer + 1}, as many as "
            f"there are hidden units below, got {above.n_visible}"
        )
    lower, upper = below.hidden, above.visible
    if type(lower) is not type(upper) or lower.columns != upper.columns:
        raise ValueError(
            f"rbms: expected visible units {lower} in machine {layer + 1}, like the hidden units "
            f"below, got {upper}"
        )
    if below.dtype != above.dtype:
        raise ValueError(
            f"rbms: expected machines of one dtype, {below.dtype}, got {above.dtype} in machine "
            f"{layer + 1}"
        )
