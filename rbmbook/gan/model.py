"""Generative adversarial networks: a generator that learns from a critic that learns from both.

The critic sees data and samples and is trained to tell them apart; the generator, who never sees
the data, is trained to be told apart less. What the two play for is one line each, below.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from rbmbook.description import Model, joined, part
from rbmbook.gan import adversarial
from rbmbook.gan.adversarial import TARGETS, Game
from rbmbook.machine.units import Bernoulli, Gaussian
from rbmbook.networks import scaling
from rbmbook.networks.network import Network
from rbmbook.networks.scaling import Standardized
from rbmbook.training.history import History
from rbmbook.training.loop import train
from rbmbook.training.optimize import Adam, Optimizer
from rbmbook.training.penalties import Penalties, prior
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, refuse
from rbmbook.training.plan import plan as planned
from rbmbook.validation import generator as seeded
from rbmbook.validation import instance, integer, matrix, real, rows, weights

_REFUSED = {
    "negative": "a critic stands where other models have a negative phase",
    "centered": "no difference of two averages is there to be centred; see `standardize`",
    "sparsity": "a generator's units are not features of the data",
}


class GAN(Model):
    """A generator and its critic.

    Parameters
    ----------
    generator : Network
        From n_latent standard normal numbers z to an example G(z).
    critic : Network
        From an example to one number d, with the identity as its last activation. For the first
        two losses d is a logit: σ(d) is the probability that the example is data.
    loss : "non-saturating", "minimax" or "wasserstein"
        What the two descend; see `adversarial.critic_loss` and `adversarial.generator_loss`.
    gradient_penalty : float ≥ 0
        λ of the penalty λ · mean (‖∇_x d(x)‖ − target)² on the critic; 0 for none. The Wasserstein
        loss needs one: without it nothing bounds d.
    penalty_at : "interpolates" or "data"
        Where the slope is looked at. "interpolates": at random points between data and samples,
        target 1 (Gulrajani et al.). "data": at the data, target 0 (R1 of Mescheder et al. with
        γ = 2 λ).

    Raises
    ------
    ValueError
        If widths or dtypes do not fit, or an option is none of the above.
    TypeError
        If a network is not one.

    References
    ----------
    Goodfellow et al. (2014), Generative adversarial nets. For the Wasserstein loss and the
    penalties see `adversarial.critic_loss` and `gradient_penalty`.

    Examples
    --------
    >>> import rbmbook as rb
    >>> from rbmbook.data import ring
    >>> X, _ = ring(256)
    >>> gan = rb.GAN.random(n_latent=2, n_data=2, hidden=(16, 16), rng=0)
    >>> gan
    GAN(2 → 16 leaky_relu → 16 leaky_relu → 2 identity, non-saturating, float64)
    >>> history = gan.fit(X, epochs=2, rng=0, progress=False)
    >>> gan.sample(5, rng=0).shape
    (5, 2)
    """

    def __init__(
        self,
        generator: Network,
        critic: Network,
        loss: str = "non-saturating",
        gradient_penalty: float = 0.0,
        penalty_at: str = "interpolates",
    ) -> None:
        instance("generator", generator, Network)
        instance("critic", critic, Network)
        if critic.sizes[0] != generator.sizes[-1]:
            raise ValueError(
                f"critic: expected {generator.sizes[-1]} columns, as the generator makes, "
                f"got {critic.sizes[0]}"
            )
        if critic.sizes[-1] != 1 or critic.layers[-1].activation != "identity":
            raise ValueError(f"critic: expected one output without an activation, got {critic}")
        if critic.dtype != generator.dtype:
            raise ValueError(f"critic: expected {generator.dtype}, got {critic.dtype}")
        self.generator, self.critic = generator, critic
        self.loss = adversarial.known("loss", loss)
        self.gradient_penalty = real("gradient_penalty", gradient_penalty, 0.0)
        if instance("penalty_at", penalty_at, str) not in TARGETS:
            raise ValueError(
                f"penalty_at: expected one of {', '.join(TARGETS)}, got {penalty_at!r}"
            )
        self.penalty_at = penalty_at

    @classmethod
    def random(
        cls,
        n_latent: int,
        n_data: int,
        hidden: Sequence[int] = (128, 128),
        output: str = "identity",
        loss: str = "non-saturating",
        rng: int | np.random.Generator = 0,
        dtype: np.dtype | type | None = None,
        gradient_penalty: float = 0.0,
        penalty_at: str = "interpolates",
        activation: str = "leaky_relu",
        data: Any = None,
    ) -> "GAN":
        """Two networks with the same hidden layers and random weights.

        Parameters
        ----------
        n_latent, n_data : int ≥ 1
            Numbers in a z, and columns of the data.
        hidden : sequence of int ≥ 1
            Widths of the hidden layers of both networks.
        output : str
            Activation of the generator's output: "identity" for any numbers, "sigmoid" for data in
            [0, 1].
        loss : str
            As for `GAN`.
        rng : int or Generator
            Draws the generator's weights, then the critic's.
        dtype : float32 or float64, optional
            By default float64 with the output "identity", because columns may have means that are
            large for their spread, and otherwise float32.
        gradient_penalty, penalty_at
            As for `GAN`.
        activation : str
            Of the hidden layers.
        data : (n, n_data) array or sparse matrix, optional
            Where given, with the output "identity", the critic starts on standardised columns and
            the generator at the columns' means and standard deviations, which is where `fit` starts
            in any case. Other outputs: no effect.

        Returns
        -------
        GAN

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.GAN.random(n_latent=2, n_data=64, hidden=(32,), output="sigmoid", rng=0)
        GAN(2 → 32 leaky_relu → 64 sigmoid, non-saturating, float32)
        """
        rng = seeded(rng)
        dtype = scaling.dtype_for(output) if dtype is None else dtype
        try:
            hidden = [integer("hidden", width) for width in hidden]
        except TypeError:
            raise TypeError(f"hidden: expected a sequence of integers, got {hidden!r}") from None
        n_latent, n_data = integer("n_latent", n_latent), integer("n_data", n_data)
        generator = Network.random([n_latent, *hidden, n_data], activation, output, rng, dtype)
        critic = Network.random([n_data, *hidden, 1], activation, "identity", rng, dtype)
        if data is not None:
            data = matrix("data", data, n_data)
            if output == "identity":
                first, last = critic.layers[0], generator.layers[-1]
                Standardized(first, last, data, name="data").convert_out()
        return cls(generator, critic, loss, gradient_penalty, penalty_at)

    @property
    def n_latent(self) -> int:
        """Numbers in a z."""
        return self.generator.sizes[0]

    @property
    def n_data(self) -> int:
        """Columns of an example."""
        return self.generator.sizes[-1]

    @property
    def dtype(self) -> np.dtype:
        """The dtype of all parameters and samples, float32 or float64."""
        return self.generator.dtype

    @property
    def parameters(self) -> list[np.ndarray]:
        """The generator's own arrays, then the critic's."""
        return [*self.generator.parameters, *self.critic.parameters]

    def sample(self, n: int, rng: int | np.random.Generator) -> np.ndarray:
        """n samples G(z), shape (n, n_data).

        Parameters
        ----------
        n : int ≥ 1
        rng : int or Generator
            Draws the (n, n_latent) standard normal z, in C order, in the dtype of the networks.

        Returns
        -------
        (n, n_data) array

        Raises
        ------
        ValueError, TypeError
            If `n` or `rng` is not as above.

        Examples
        --------
        >>> import rbmbook as rb
        >>> gan = rb.GAN.random(n_latent=2, n_data=3, hidden=(8,), rng=0)
        >>> gan.sample(5, rng=0).shape
        (5, 3)
        """
        return self.generator(self.latent(integer("n", n), seeded(rng)))

    def latent(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n draws of z; unchecked, for inner loops.

        Parameters
        ----------
        n : int ≥ 1
        rng : Generator

        Returns
        -------
        (n, n_latent) array

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> gan = rb.GAN.random(n_latent=2, n_data=3, hidden=(8,), rng=0)
        >>> z = gan.latent(5, np.random.default_rng(0))
        >>> bool((gan.generator(z) == gan.sample(5, rng=0)).all())
        True
        """
        return rng.standard_normal((n, self.n_latent), dtype=self.dtype)

    def mixing(self, n: int, rng: np.random.Generator) -> np.ndarray | None:
        """n uniform numbers (n, 1), if a penalty needs interpolates; unchecked.

        Parameters
        ----------
        n : int ≥ 1
        rng : Generator

        Returns
        -------
        (n, 1) array or None

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rng = np.random.default_rng(0)
        >>> penalised = rb.GAN.random(2, 3, (8,), loss="wasserstein", gradient_penalty=10.0)
        >>> penalised.mixing(5, rng).shape
        (5, 1)
        >>> rb.GAN.random(2, 3, (8,)).mixing(5, rng) is None
        True
        """
        needed = self.gradient_penalty and self.penalty_at == "interpolates"
        return rng.random((n, 1), dtype=self.dtype) if needed else None

    def fit(
        self,
        X: Any,
        epochs: int | None = None,
        batch_size: int = 64,
        optimizer: Optimizer = Adam(0.001, beta1=0.5),
        *,
        critic_optimizer: Optimizer | None = None,
        critic_steps: int = 1,
        weight_decay: float | None = None,
        l1: float = 0.0,
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
        """Let both networks learn in turn, in place.

        Parameters
        ----------
        X : (n, n_data) array or sparse matrix
            Finite numbers of any real dtype; only one batch at a time is converted.
        epochs : int ≥ 0, optional
            Passes over X. If None, 10, or as many as make 3,000 updates, but no more than 1,000.
        batch_size : int ≥ 1
            Rows of X for each step of the critic, and as many samples. The last batch of an epoch
            may be shorter; a size above n is one full batch.
        optimizer : optimizer
            The generator's: ``rb.SGD(…)`` or ``rb.Adam(…)``. A momentum (β₁) below 0.9 keeps the
            two from chasing each other (Radford et al. use 0.5).
        critic_optimizer : optimizer, optional
            By default equal to `optimizer`. Each network has its own memory in any case.
        critic_steps : int ≥ 1
            The generator makes one step after every so many of the critic, each on a new batch.
        weight_decay, l1 : float ≥ 0, optional
            λ of the penalties ½ λ ‖W‖² and λ Σ |W_ij| of every layer of both networks, added to
            what each of them descends; biases stay free. Weight decay of None is 1 / n for n rows.
        sample_weight : (n,) array, optional
            Weights ≥ 0 of the rows; only their ratios matter. A row counts as that many rows where
            the critic sees the data, in the standardised columns, and in the monitors.
        validation : (m, n_data) array or sparse matrix, optional
            Held-out rows; adds the monitors `validation_critic_loss` and `validation_gap`.
        standardize : bool
            Whether training sees real columns (those of the output "identity") as (x − mean) / sd,
            so that their units and their means do not matter (see `scaling`). The slope that a
            gradient penalty looks at is then that along the standardised columns. Samples and both
            networks stay in the units of X. If all biases are 0, the game starts as ``random(...,
            data=X)`` would. False: columns as they come. Other outputs: no effect.
        rng : int or Generator
            Each epoch draws a permutation of the rows; then each batch of m rows draws m latent
            vectors, with a penalty at interpolates m uniform numbers, and, where it ends with a
            step of the generator, m latent vectors for that.
        progress, callbacks, early_stopping, checkpoint, history
            As for `rb.fit`; a callback is called as ``callback(gan, history)``.

        Returns
        -------
        History
            Monitors, one number per epoch, each a mean over the epoch's steps of the critic,
            before the step: `epoch`, `seconds`, `critic_loss` and `generator_loss` (on the same
            batches), `gap` (mean d of the data minus mean d of the samples), `divergence` (for the
            logit losses: log 2 − critic_loss / 2, which a critic can raise to the Jensen–Shannon
            divergence and no further, in nats) and, with a gradient penalty, `penalty` (before
            it is multiplied by λ; not part of critic_loss). Then `dream_error`, after the epoch:
            the root mean square, over the columns, of mean of 256 samples minus mean of the data,
            in units of the data's standard deviation unless the generator's outputs have a range;
            by chance about s/16, with s the standard deviation of a column of samples. With
            `validation`, `validation_critic_loss` and `validation_gap` set these 256 samples
            against the held-out rows: a gap well below `gap` says that the critic knows the
            training rows by heart.

        Raises
        ------
        ValueError, TypeError
            If an argument is outside its range or of the wrong type.
        DivergenceError
            If a parameter becomes infinite or NaN; both networks are then as they were after the
            last finite epoch.

        References
        ----------
        Goodfellow et al. (2014) and Gulrajani et al. (2017), algorithm 1 of each. Radford, Metz and
        Chintala (2016), Unsupervised representation learning with deep convolutional generative
        adversarial networks.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X, _ = rb.data.ring(1000, modes=4)
        >>> gan = rb.GAN.random(n_latent=2, n_data=2, hidden=(32, 32), rng=0)
        >>> history = gan.fit(X, epochs=10, progress=False)
        >>> list(history)[2:5]
        ['critic_loss', 'generator_loss', 'gap']
        """
        refuse(refused, _REFUSED, "GAN.fit")
        X = matrix("X", X, self.n_data)
        critic = optimizer if critic_optimizer is None else critic_optimizer
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
        penalties = Penalties(prior(weight_decay, X.shape[0]), l1)
        options = critic, critic_steps, penalties, sample_weight, validation, standardize
        return train(Game(self, X, plan, *options))

    def critic_objective(
        self, x: Any, z: Any, mix: Any = None, sample_weight: Any = None
    ) -> tuple[float, list[np.ndarray]]:
        """What one step of the critic descends, and its gradient.

        Parameters
        ----------
        x : (n, n_data) array or sparse matrix
            Data.
        z : (n, n_latent) array
            What the samples are made from.
        mix : (n, 1) array in [0, 1], optional
            Where the interpolates mix·x + (1 − mix)·G(z) lie; only for a penalty there.
        sample_weight : (n,) array, optional
            How often each row of the data counts, and its interpolate.

        Returns
        -------
        value : float
            critic_loss + λ · penalty.
        gradients : list of arrays, like ``gan.critic.parameters``

        Raises
        ------
        ValueError, TypeError
            If a shape does not fit, a number is not finite, or `mix` is missing or not in [0, 1].

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> gan = rb.GAN.random(n_latent=2, n_data=3, hidden=(8,), rng=0)
        >>> value, gradients = gan.critic_objective(x=np.ones((5, 3)), z=np.ones((5, 2)))
        >>> [gradient.shape for gradient in gradients]
        [(3, 8), (8,), (8, 1), (1,)]
        """
        x = rows("x", matrix("x", x, self.n_data), Gaussian(), self.dtype)
        z = rows("z", matrix("z", z, self.n_latent), Gaussian(), self.dtype)
        if self.gradient_penalty and self.penalty_at == "interpolates":
            if mix is None or np.shape(mix) != (len(x), 1) or len(z) != len(x):
                raise ValueError(
                    f"mix: expected shape ({len(x)}, 1), and as many rows of z, "
                    f"got {np.shape(mix)} and {len(z)}"
                )
            mix = rows("mix", matrix("mix", mix), Bernoulli(), self.dtype, relaxed=True)
        weight = weights("sample_weight", sample_weight, len(x))[:, None]
        weight = (weight / weight.mean()).astype(self.dtype)
        gradients, found = adversarial.critic_gradients(self, x, z, mix, weight)
        return found["critic_loss"] + self.gradient_penalty * found.get("penalty", 0.0), gradients

    def generator_objective(self, z: Any) -> tuple[float, list[np.ndarray]]:
        """What one step of the generator descends, and its gradient, as for `critic_objective`.

        Parameters
        ----------
        z : (n, n_latent) array

        Returns
        -------
        value : float
        gradients : list of arrays, like ``gan.generator.parameters``

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a number is not finite.

        References
        ----------
        Book: (15.4).

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> gan = rb.GAN.random(n_latent=2, n_data=3, hidden=(8,), rng=0)
        >>> value, gradients = gan.generator_objective(z=np.ones((5, 2)))
        >>> [gradient.shape for gradient in gradients]
        [(2, 8), (8,), (8, 3), (3,)]
        """
        z = rows("z", matrix("z", z, self.n_latent), Gaussian(), self.dtype)
        return adversarial.generator_gradients(self, z)

    def description(self) -> dict[str, Any]:
        """What the GAN is: its two networks, and what they play for."""
        return super().description() | {
            "generator": self.generator.description(),
            "critic": self.critic.description(),
            "loss": self.loss,
            "gradient_penalty": self.gradient_penalty,
            "penalty_at": self.penalty_at,
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """What both networks have learned."""
        return joined(generator=self.generator.arrays(), critic=self.critic.arrays())

    @classmethod
    def _from(cls, description: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        generator, critic = (
            Network.restore(description[name], part(name, arrays))
            for name in ("generator", "critic")
        )
        options = {name: description[name] for name in ("loss", "gradient_penalty", "penalty_at")}
        return cls(generator, critic, **options)

    def _words(self) -> str:
        layers = "".join(f" → {x.n_out} {x.activation}" for x in self.generator.layers)
        penalty = f", penalty {self.gradient_penalty}" if self.gradient_penalty else ""
        return f"{self.n_latent}{layers}, {self.loss}{penalty}"
