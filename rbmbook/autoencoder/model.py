"""The autoencoder: a network to a code, a network back, trained to give its input again.

An encoder e and a decoder d are trained so that the reconstruction r = d(m) of the code m = e(v) is
like v. What keeps them from learning the identity is a code that is narrow, or noise on v that is
to be undone, or a penalty on the code.

References
----------
Hinton and Salakhutdinov (2006), Reducing the dimensionality of data with neural networks.
Vincent, Larochelle, Lajoie, Bengio and Manzagol (2010), Stacked denoising autoencoders.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from rbmbook.autoencoder import contraction as jacobians
from rbmbook.autoencoder import start
from rbmbook.autoencoder.corruption import GaussianNoise, Masking
from rbmbook.autoencoder.reconstruction import LOSSES, Objective, Pass, Reconstruction
from rbmbook.description import Model, joined, part
from rbmbook.networks import scaling
from rbmbook.networks.layers import Dense, Transposed, forward
from rbmbook.networks.network import Network
from rbmbook.training.history import History
from rbmbook.training.loop import train
from rbmbook.training.optimize import Adam, Optimizer, negated
from rbmbook.training.penalties import Penalties, Sparsity
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, refuse
from rbmbook.training.plan import plan as planned
from rbmbook.validation import dense, generator, instance, matrix, weights

__all__ = ["Autoencoder", "GaussianNoise", "Masking", "Sparsity"]

_REFUSED = {
    "negative": "an autoencoder has no model term, its gradient is exact",
    "centered": "no difference of two averages is there to be centred; see `standardize`",
}


class Autoencoder(Model):
    """An encoder from the data to a code and a decoder from the code to the data.

    Parameters
    ----------
    encoder : Network
        From D columns to the code. Used as it is, not copied.
    decoder : Network
        From the code to D columns. Used as it is; if `tied`, only its biases and activations are.
    tied : bool
        Whether the decoder's weights are the transposes of the encoder's: the same arrays, so that
        whatever changes one changes both, and their gradient is the sum of both uses.

    Raises
    ------
    ValueError, TypeError
        If one is not a network, or widths or dtypes do not fit.

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> ae = rb.Autoencoder.random((9, 6), tied=True, rng=0)
    >>> ae
    Autoencoder(9 → 6 sigmoid → 9 sigmoid, tied, float32)
    >>> history = ae.fit(X, epochs=5, rng=0, progress=False)
    >>> ae.encode(X).shape, ae.reconstruct(X).shape
    ((14, 6), (14, 9))
    """

    def __init__(self, encoder: Network, decoder: Network, tied: bool = False) -> None:
        instance("encoder", encoder, Network)
        instance("decoder", decoder, Network)
        self.tied = bool(instance("tied", tied, (bool, np.bool_)))
        up, down = encoder.sizes, decoder.sizes
        if (down[0], down[-1]) != (up[-1], up[0]):
            raise ValueError(
                f"decoder: expected a network from {up[-1]} to {up[0]} columns, "
                f"got {down[0]} to {down[-1]}"
            )
        if decoder.dtype != encoder.dtype:
            raise ValueError(f"decoder: expected {encoder.dtype}, got {decoder.dtype}")
        if tied and down != up[::-1]:
            raise ValueError(f"decoder: expected the widths {up[::-1]} to be tied, got {down}")
        self.encoder = encoder
        self.decoder = decoder
        if self.tied:
            pairs = zip(encoder.layers[::-1], decoder.layers, strict=True)
            self.decoder = Network([_tied(up, down) for up, down in pairs])

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        activation: str = "sigmoid",
        output: str = "sigmoid",
        tied: bool = False,
        rng: int | np.random.Generator = 0,
        dtype: np.dtype | type | None = None,
        code: str | None = None,
        data: Any = None,
    ) -> "Autoencoder":
        """An autoencoder of layers made by `Dense.random`; the decoder mirrors the encoder.

        Parameters
        ----------
        sizes : sequence of at least two ints ≥ 1
            Widths from the data to the code.
        activation : str
            Of the hidden layers on both sides, and of the code.
        output : str
            Of the reconstruction: "sigmoid" for data in [0, 1], "identity" for real numbers in any
            units.
        tied : bool
        rng : int or Generator
            Draws the encoder's weights from the bottom up, then the decoder's, if not tied.
        dtype : float32 or float64, optional
            By default float64 with the output "identity", because columns may have means that are
            large for their spread, and otherwise float32.
        code : str, optional
            Another activation of the code, such as "identity".
        data : (n, D) array or sparse matrix, optional
            Where given, the reconstruction starts at the columns' means: the biases of a sigmoid
            output at their (smoothed) logits; with the output "identity" as on standardised
            columns or, if tied, on centred ones, which is where `fit` starts in any case. Any other
            output is an error.

        Returns
        -------
        Autoencoder

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.Autoencoder.random((64, 30, 2), code="identity", rng=0)
        Autoencoder(64 → 30 sigmoid → 2 identity → 30 sigmoid → 64 sigmoid, float32)
        """
        rng = generator(rng)
        instance("tied", tied, (bool, np.bool_))
        dtype = scaling.dtype_for(output) if dtype is None else dtype
        code = activation if code is None else code
        ae = cls(*start.networks(sizes, activation, code, output, tied, rng, dtype), tied)
        if data is not None:
            data = matrix("data", data, ae.sizes[0])
            start.at_mean(ae.encoder, ae.decoder, data)
        return ae

    @property
    def sizes(self) -> tuple[int, ...]:
        """Widths from the data to the code."""
        return self.encoder.sizes

    @property
    def dtype(self) -> np.dtype:
        """The dtype of all parameters and outputs, float32 or float64."""
        return self.encoder.dtype

    @property
    def parameters(self) -> list[np.ndarray]:
        """W and b of each layer, from the data to the reconstruction; the layers' own arrays.

        If tied, the encoder's W and b, then the decoder's b.
        """
        own = [p for layer in self.decoder.layers for p in layer.parameters[self.tied :]]
        return self.encoder.parameters + own

    def encode(self, X: Any) -> np.ndarray:
        """The code m = e(v) of each row v.

        Parameters
        ----------
        X : (n, D) array or sparse matrix

        Returns
        -------
        (n, code) array

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.

        Examples
        --------
        >>> import rbmbook as rb
        >>> ae = rb.Autoencoder.random((4, 2), rng=0)
        >>> ae.encode([[0, 1, 0, 1]]).shape
        (1, 2)
        """
        return _outputs("X", X, self.encoder)

    def decode(self, code: Any) -> np.ndarray:
        """The reconstruction d(m) of each code m.

        Parameters
        ----------
        code : (n, code) array

        Returns
        -------
        (n, D) array

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.

        Examples
        --------
        >>> import rbmbook as rb
        >>> ae = rb.Autoencoder.random((4, 2), rng=0)
        >>> ae.decode([[0.0, 1.0]]).shape  # what a code of your own means
        (1, 4)
        """
        return _outputs("code", code, self.decoder)

    def reconstruct(self, X: Any) -> np.ndarray:
        """The reconstruction r = d(e(v)) of each row v.

        Parameters
        ----------
        X : (n, D) array or sparse matrix

        Returns
        -------
        (n, D) array

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> ae, X = rb.Autoencoder.random((4, 2), rng=0), [[0, 1, 0, 1]]
        >>> bool(np.allclose(ae.reconstruct(X), ae.decode(ae.encode(X))))
        True
        """
        return _outputs("X", X, self.encoder, self.decoder)

    def reconstruction_error(self, X: Any) -> np.ndarray:
        """The mean of (v − r)² over the columns of each row, as `evaluate` has it for machines.

        Parameters
        ----------
        X : (n, D) array or sparse matrix

        Returns
        -------
        (n,) array

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> ae, X = rb.Autoencoder.random((4, 2), rng=0), np.array([[0, 1, 0, 1]])
        >>> by_hand = ((X - ae.reconstruct(X)) ** 2).mean(axis=1)
        >>> bool(np.allclose(ae.reconstruction_error(X), by_hand))
        True
        """
        layers = [*self.encoder.layers, *self.decoder.layers]
        blocks = self.encoder.blocks("X", X)
        return np.concatenate([((x - forward(layers, x)[-1]) ** 2).mean(axis=1) for _, x in blocks])

    def jacobian(self, X: Any) -> np.ndarray:
        """∂m/∂v at each row. Book: (14.12).

        Parameters
        ----------
        X : (n, D) array or sparse matrix

        Returns
        -------
        (n, code, D) array

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> ae = rb.Autoencoder.random((3, 2), activation="identity", rng=0)
        >>> J = ae.jacobian([[0.0, 1.0, 0.5]])  # of a linear code: its weights
        >>> bool(np.allclose(J[0], ae.encoder.layers[0].W.T))
        True
        """
        blocks = self.encoder.blocks("X", X)
        return np.concatenate(
            [jacobians.jacobian(self.encoder, self.encoder.forward(x)) for _, x in blocks]
        )

    def loss(self, X: Any, loss: str | None = None) -> np.ndarray:
        """The loss of each row in nats, without noise or penalties.

        Parameters
        ----------
        X : (n, D) array or sparse matrix
        loss : "binary" or "squared", optional
            As for `fit`.

        Returns
        -------
        (n,) array

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> ae = rb.Autoencoder.random((4, 2), rng=0)
        >>> ae.decoder.layers[-1].W[:] = 0  # says ½ of everything: four coins
        >>> bool(np.allclose(ae.loss([[0, 1, 0, 1]]), 4 * np.log(2)))
        True
        """
        objective = Objective.checked(self, loss)
        X = objective.data("X", X, self.sizes[0], self.dtype)
        layers = [*self.encoder.layers, *objective.head(self.decoder).layers]
        value = LOSSES[objective.loss]
        return np.concatenate(
            [value(forward(layers, x)[-1], x)[0] for _, x in self.encoder.blocks("X", X)]
        )

    def objective(
        self,
        X: Any,
        loss: str | None = None,
        noise: Masking | GaussianNoise | None = None,
        contraction: float = 0.0,
        sparsity: Sparsity | None = None,
        weight_decay: float = 0.0,
        rng: int | np.random.Generator = 0,
        l1: float = 0.0,
        sample_weight: Any = None,
    ) -> tuple[float, list[np.ndarray]]:
        """What `fit` descends, with X as one batch, and its gradient by back-propagation.

        Mean loss + contraction · mean ‖J‖² + cost · Σ_j KL(p ‖ q_j) + ½ weight_decay Σ W² +
        l1 Σ |W|, with everything in the units of X; `fit` may standardise columns first.

        Parameters
        ----------
        X, loss, noise, contraction, sparsity, weight_decay
            As for `fit`.
        rng : int or Generator
            Draws the noise.
        l1, sample_weight
            As for `fit`.

        Returns
        -------
        value : float
        gradients : list of arrays
            One for each of `parameters`.

        Raises
        ------
        ValueError, TypeError
            If an argument is outside its range or of the wrong type.

        References
        ----------
        Book: (14.1), (14.6).

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> ae, X = rb.Autoencoder.random((4, 2), rng=0), [[0, 1, 0, 1], [1, 1, 0, 0]]
        >>> value, gradients = ae.objective(X)
        >>> bool(np.isclose(value, ae.loss(X).mean())), [g.shape for g in gradients]
        (True, [(4, 2), (2,), (2, 4), (4,)])
        """
        penalties = Penalties(weight_decay, l1, sparsity)
        objective = Objective.checked(self, loss, noise, contraction, penalties)
        X = dense(objective.data("X", X, self.sizes[0], self.dtype), self.dtype)
        weight = weights("sample_weight", sample_weight, len(X))
        passes = Pass(self, objective, len(X))
        given = objective.corrupted(X, generator(rng))
        terms = passes.run(X, given, weight / weight.sum())
        return objective.value(terms, self.parameters), list(negated(passes.ascent))

    def fit(
        self,
        X: Any,
        epochs: int | None = None,
        batch_size: int = 100,
        optimizer: Optimizer = Adam(0.01),
        *,
        loss: str | None = None,
        noise: Masking | GaussianNoise | None = None,
        contraction: float = 0.0,
        weight_decay: float = 0.001,
        l1: float = 0.0,
        sparsity: Sparsity | None = None,
        sample_weight: Any = None,
        validation: Any = None,
        standardize: bool = True,
        rng: int | np.random.Generator = 0,
        progress: bool = True,
        callbacks: Sequence[Function] = (),
        early_stopping: EarlyStopping | None = None,
        checkpoint: str | os.PathLike | Checkpoint | None = None,
        history: History | None = None,
        **refused: Any,
    ) -> History:
        """Train the autoencoder in place by descending the mean loss of its reconstructions.

        Parameters
        ----------
        X : (n, D) array or sparse matrix
            Finite numbers; in [0, 1] for the loss "binary". Of any real dtype; only one batch at a
            time is converted to the autoencoder's.
        epochs : int ≥ 0, optional
            Passes over X. If None, 10, or as many as make 3,000 updates, but no more than 1,000.
        batch_size : int ≥ 1
            Rows per update; the last batch of an epoch may be shorter and is averaged over its own
            rows. A size above n is one full batch.
        optimizer : optimizer
            ``rb.SGD(rate, momentum)`` or ``rb.Adam(rate)``.
        loss : "binary" or "squared", optional
            `losses.binary_cross_entropy`, the default for sigmoid outputs, or
            `losses.squared_error`, each summed over the columns.
        noise : Masking or GaussianNoise, optional
            Corrupts what the encoder is given, anew at each update; the reconstruction is compared
            with the row before that. In the units of X, even if `fit` standardises it.
        contraction : float ≥ 0
            λ of the penalty λ · mean over the rows of ‖∂m/∂v‖², m being the code, taken at the v
            that the encoder is given. Exact for an encoder of any depth.
        sparsity : Sparsity, optional
            cost · Σ_j KL(p ‖ q_j), q_j being the mean of code unit j over the batch; for codes of
            sigmoid units.
        weight_decay, l1 : float ≥ 0
            λ of the penalties ½ λ ‖W‖² and λ Σ |W_ij| of every array of weights; biases stay free.
            Some decay keeps few rows, or many columns, from being learned by heart: with 600 rows
            of 1,000 columns of sparse words the default's error is below that of PCA with as many
            components, and without decay above that of the mean.
        sample_weight : (n,) array, optional
            Weights ≥ 0 of the rows; only their ratios matter. A row counts as that many rows: in
            the gradient, in the standardised columns, and in the epoch's means.
        validation : (m, D) array or sparse matrix, optional
            Held-out rows; adds the monitors `validation_loss` and `validation_error`.
        standardize : bool
            Whether training sees real columns (those of the output "identity") as (v − mean) / sd,
            or with tied weights as v − mean, so that neither units nor means matter (see
            `scaling`). Loss, penalties and their monitors are then those of these columns; the
            autoencoder, noise and reconstruction errors stay in the units of X. If all biases are
            0, it starts as ``random(..., data=X)`` would. Other outputs: no effect.
        rng : int or Generator
            Each epoch draws a permutation of the rows, then its batches' noise in order.
        progress, callbacks, early_stopping, checkpoint, history
            As for `rb.fit`; a callback is called as ``callback(ae, history)``.

        Returns
        -------
        History
            Per epoch `epoch`, `seconds`, `loss` and, if asked for, `sparsity` Σ_j KL(p ‖ q_j) and
            `contraction` ‖∂m/∂v‖²: means over the epoch's batches as they were met, before their
            update, under noise, without the penalties' factors, and in the coordinates of the
            training (see `standardize`), as is `validation_loss`. Then, after the epoch and without
            noise, `reconstruction_error` (over 256 training rows drawn at random once and for all),
            `validation_loss` and `validation_error` (the reconstruction error of the held-out
            rows), `constant_features` and `saturated_features` (share of the outputs that hardly
            vary over the 256 rows, and that are at an end of their range, in the worst layer up to
            the code; see `monitors.Shares`). There is no `dream_error`: it has no distribution.

        Raises
        ------
        ValueError, TypeError
            If an argument is outside its range or of the wrong type.
        DivergenceError
            If a parameter or a monitor becomes infinite or NaN; the autoencoder is then as it was
            after the last finite epoch.

        Warns
        -----
        TrainingWarning
            If 90 % of the outputs of a layer up to the code are constant: from 200 updates on,
            or at once where they are stuck at an end of their range.

        References
        ----------
        Vincent et al. (2008) for the noise, Rifai et al. (2011) for the contractive penalty, Ng
        (2011), Sparse autoencoder, lecture notes, for the sparse one.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X = rb.data.bars_and_stripes(3)
        >>> ae = rb.Autoencoder.random((9, 6), rng=0, data=X)
        >>> before = ae.reconstruction_error(X).mean()
        >>> _ = ae.fit(X, epochs=200, noise=rb.Masking(0.2), progress=False)
        >>> bool(ae.reconstruction_error(X).mean() < before / 2)
        True
        """
        refuse(refused, _REFUSED, "Autoencoder.fit")
        penalties = Penalties(weight_decay, l1, sparsity)
        objective = Objective.checked(self, loss, noise, contraction, penalties)
        X = objective.data("X", X, self.sizes[0], self.dtype)
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
        run = Reconstruction(self, X, plan, objective, sample_weight, validation, standardize)
        return train(run)

    def description(self) -> dict[str, Any]:
        """What the autoencoder is: its two networks, and whether they are tied."""
        networks = {"encoder": self.encoder.description(), "decoder": self.decoder.description()}
        return super().description() | networks | {"tied": self.tied}

    def arrays(self) -> dict[str, np.ndarray]:
        """What both networks have learned; if tied, the decoder's weights are the encoder's."""
        decoder = self.decoder.arrays()
        if self.tied:
            decoder = {name: array for name, array in decoder.items() if name.startswith("b")}
        return joined(encoder=self.encoder.arrays(), decoder=decoder)

    @classmethod
    def _from(cls, description: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        encoder = Network.restore(description["encoder"], part("encoder", arrays))
        own = part("decoder", arrays)
        if description["tied"]:
            own |= {f"W{i}": layer.W.T for i, layer in enumerate(encoder.layers[::-1])}
        decoder = Network.restore(description["decoder"], own)
        return cls(encoder, decoder, description["tied"])

    def _words(self) -> str:
        layers = [*self.encoder.layers, *self.decoder.layers]
        text = "".join(f" → {layer.n_out} {layer.activation}" for layer in layers)
        return f"{self.sizes[0]}{text}" + (", tied" if self.tied else "")


def _tied(up: Dense, down: Dense) -> Transposed:
    """A layer down with the transposed weights of one up; the same layer, if it has them."""
    if isinstance(down, Transposed) and down.source is up:
        return down
    return Transposed(up, down.b, down.activation)


def _outputs(name: str, X: Any, *networks: Network) -> np.ndarray:
    """What the last of the networks makes of the rows; a code that has overflowed passes."""
    layers = [layer for network in networks for layer in network.layers]
    return np.concatenate([forward(layers, x)[-1] for _, x in networks[0].blocks(name, X)])
