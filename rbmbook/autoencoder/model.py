"""The autoencoder: a network to a code, a network back, trained to give its input again.

An encoder f and a decoder g are trained so that the reconstruction g(f(x)) is like x. What keeps
them from learning the identity is a code that is narrow, or noise on x that is to be undone, or a
penalty on the code.

References
----------
Hinton and Salakhutdinov (2006), Reducing the dimensionality of data with neural networks.
Vincent, Larochelle, Lajoie, Bengio and Manzagol (2010), Stacked denoising autoencoders.
"""

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rbmbook import validation as check
from rbmbook.autoencoder.codec import Codec
from rbmbook.autoencoder.corruption import GaussianNoise, Masking
from rbmbook.autoencoder.reconstruction import LOSSES, Objective, Pass, Reconstruction
from rbmbook.machine import moments
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Bernoulli
from rbmbook.networks import scaling, unroll
from rbmbook.networks.activations import named
from rbmbook.networks.layers import Dense
from rbmbook.networks.network import Network
from rbmbook.networks.scaling import Standardized
from rbmbook.training.history import History
from rbmbook.training.loop import train
from rbmbook.training.optimize import Adam, Optimizer
from rbmbook.training.penalties import Sparsity
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, refuse
from rbmbook.training.plan import plan as planned

__all__ = ["Autoencoder", "GaussianNoise", "Masking", "Sparsity"]

_REFUSED = {
    "negative": "an autoencoder has no model term, its gradient is exact",
    "centered": "no difference of two averages is there to be centred; see `standardize`",
}


class Autoencoder(Codec):
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

    Attributes
    ----------
    encoder, decoder : Network
    tied : bool

    Raises
    ------
    ValueError, TypeError
        If one is not a network, or widths or dtypes do not fit.

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> ae = Autoencoder.random((9, 6), tied=True, rng=0)
    >>> ae
    Autoencoder(9 → 6 sigmoid → 9 sigmoid, tied, float32)
    >>> history = ae.fit(X, epochs=5, rng=0, progress=False)
    >>> ae.encode(X).shape, ae.reconstruct(X).shape
    ((14, 6), (14, 9))
    """

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

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.
        """
        rng = check.generator(rng)
        check.instance("tied", tied, (bool, np.bool_))
        dtype = scaling.dtype_for(output) if dtype is None else dtype
        named("output", output)
        if code is not None:
            named("code", code)
        encoder = Network.random(
            sizes, activation, activation if code is None else code, rng, dtype
        )
        if not tied:
            decoder = Network.random(encoder.sizes[::-1], activation, output, rng, dtype)
        else:
            kinds = [activation] * (len(encoder.layers) - 1) + [output]
            pairs = zip(encoder.layers[::-1], kinds, strict=True)
            decoder = Network([Dense(up.W.T, np.zeros(up.n_in), kind) for up, kind in pairs])
        ae = cls(encoder, decoder, tied)
        if data is not None:
            ae.start_at(check.matrix("data", data, encoder.sizes[0]))
        return ae

    def start_at(self, data: Any) -> None:
        """Let the reconstruction start at the mean of the data, and real columns be standardised.

        Parameters
        ----------
        data : (n, D) array or CSR matrix, as `validation.matrix` returns it
        """
        last, n = self.decoder.layers[-1], data.shape[0]
        if last.activation == "sigmoid":
            unit = Bernoulli()
            last.b[:] = unit.bias_for_mean(moments.of_columns(data, unit).mean * n, n)
        elif last.activation == "identity":
            Standardized(self.encoder.layers[0], last, data, "data").write()
        else:
            raise ValueError(
                f"data: expected the output 'identity' or 'sigmoid', got {last.activation!r}"
            )

    @classmethod
    def unrolled(cls, rbms: Iterable[RBM], tied: bool = False) -> "Autoencoder":
        """A stack of machines as a deep autoencoder: their means up to the code, and back down.

        Layer by layer the encoder computes E[h | v] and the decoder E[v | h], so that the units
        decide the activations: sigmoid for Bernoulli, tanh for spins, identity for Gaussian (whose
        variance is multiplied into weights and biases), softplus for noisy rectifiers. A Gaussian
        top layer gives the linear code of Hinton and Salakhutdinov.

        Parameters
        ----------
        rbms : sequence of RBM
            From bottom to top; the hidden layer of each is as wide as the visible one of the next.
            All arrays are copied.
        tied : bool
            Keep one array for both directions. Not possible for Gaussian units of a variance that
            is not 1, which scale the two directions differently.

        Raises
        ------
        ValueError, TypeError
            If there is no machine, widths or dtypes do not fit, or a type of unit has no
            activation: softmax, and the truncated Gaussian ReLU.

        References
        ----------
        Hinton and Salakhutdinov (2006), Reducing the dimensionality of data with neural networks.
        """
        check.instance("tied", tied, (bool, np.bool_))
        up, down = unroll.both_ways(rbms)
        if tied:
            for one, other in zip(up, down[::-1], strict=True):
                if not np.array_equal(one.W, other.W.T):
                    raise ValueError("tied: expected Gaussian units of variance 1 only")
        return cls(Network(up), Network(down), tied)

    def loss(self, X: Any, loss: str | None = None) -> np.ndarray:
        """The loss of each row, without noise or penalties, in nats.

        Parameters
        ----------
        X : (n, D) array or sparse matrix
            Finite numbers; in [0, 1] for the loss "binary".
        loss : "binary" or "squared", optional
            `losses.binary_cross_entropy`, the default for sigmoid outputs, or
            `losses.squared_error`.

        Returns
        -------
        (n,) array

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit, a value is outside the domain, or the loss does not fit the
            outputs.
        """
        objective = Objective.checked(self, loss, None, 0.0, None, 0.0)
        X, head = objective.data("X", X, self.sizes[0], self.dtype), objective.head(self.decoder)
        value = LOSSES[objective.loss]
        return np.concatenate(
            [
                value(head.forward(self.encoder.forward(x).outputs[-1]).outputs[-1], x)[0]
                for _, x in self.encoder.blocks("X", X)
            ]
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
    ) -> tuple[float, list[np.ndarray]]:
        """What `fit` descends, with X as one batch, and its gradient by back-propagation.

        Everything is in the units of X; `fit` may standardise columns first.

        Parameters
        ----------
        X, loss, noise, contraction, sparsity, weight_decay
            As for `fit`.
        rng : int or Generator
            Draws the noise.

        Returns
        -------
        value : float
            mean loss + contraction · mean ‖J‖² + cost · Σ_j KL(p ‖ q_j) + ½ weight_decay Σ W².
        gradients : list of arrays
            One for each of `parameters`.

        Raises
        ------
        ValueError, TypeError
            If an argument is outside its range or of the wrong type.
        """
        objective = Objective.checked(self, loss, noise, contraction, sparsity, weight_decay)
        X = check.dense(objective.data("X", X, self.sizes[0], self.dtype), self.dtype)
        passes = Pass(self, objective, len(X))
        terms = passes.run(X, objective.corrupted(X, check.generator(rng)))
        return objective.value(terms, self.parameters), passes.gradients

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
        sparsity: Sparsity | None = None,
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
            λ of the penalty λ · mean over the rows of ‖∂code/∂x‖², taken at the x that the encoder
            is given. Exact for an encoder of any depth.
        sparsity : Sparsity, optional
            cost · Σ_j KL(p ‖ q_j), q_j being the mean of code unit j over the batch; for codes of
            sigmoid units.
        weight_decay : float ≥ 0
            λ of the penalty ½ λ ‖W‖² of every array of weights; biases are not decayed. Some decay
            keeps few rows, or many columns, from being learned by heart: with 600 rows of 1,000
            columns of sparse words the default's error is below that of PCA with as many
            components, and without decay above that of the mean.
        validation : (m, D) array or sparse matrix, optional
            Held-out rows; adds the monitors `validation_loss` and `validation_error`.
        rng : int or Generator
            Each epoch draws a permutation of the rows, then its batches' noise in order.
        progress, callbacks, early_stopping, checkpoint, history
            As for `rb.fit`; a callback is called as ``callback(ae, history)``.
        standardize : bool
            Whether training sees real columns (those of the output "identity") as (x − mean) / sd,
            so that their units and their means do not matter and each counts as much as the others
            (see `scaling`). Loss, contraction and weight decay, and the monitors of these, are then
            those of the standardised columns; the autoencoder itself, noise and reconstruction
            errors stay in the units of X. If all biases are 0, it starts as ``random(...,
            data=X)`` would. Tied weights cannot be had in two units: columns are centred then, and
            to divide them by their standard deviations is up to you. False: columns as they come,
            so that the squared distance is what is descended. Other outputs: no effect.

        Returns
        -------
        History
            Per epoch `epoch`, `seconds`, `loss` and, if asked for, `sparsity` Σ_j KL(p ‖ q_j) and
            `contraction` ‖∂code/∂x‖²: means over the epoch's batches as they were met, before their
            update, under noise, not weighted, and in the coordinates of the training (see
            `standardize`), as is `validation_loss`. Then, after the epoch and without noise,
            `reconstruction_error` (over 256 training rows drawn at random once and for all),
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
        """
        refuse(refused, _REFUSED, "Autoencoder.fit")
        objective = Objective.checked(self, loss, noise, contraction, sparsity, weight_decay)
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
        return train(Reconstruction(self, X, plan, objective, validation, standardize))
