"""The game of a generator and a critic: what each of them descends, and how they take turns.

The critic's output d is a logit for the first two losses: σ(d(x)) is the probability that x is
data, and critic_loss is the cross-entropy of its answers. For "wasserstein" d is any number.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.gan.gradient_penalty import gradient_penalty
from rbmbook.machine.units import Gaussian
from rbmbook.networks import losses
from rbmbook.networks.network import Network
from rbmbook.networks.scaling import Standardized, unbiased
from rbmbook.training.checkpoint import listed
from rbmbook.training.divergence import Data
from rbmbook.training.loop import Run
from rbmbook.training.monitors import DREAM_SEED, Columns
from rbmbook.training.optimize import negated
from rbmbook.training.optimize import optimizer as check_optimizer
from rbmbook.training.penalties import Penalties
from rbmbook.training.plan import Plan
from rbmbook.training.probe import PROBE_ROWS

LOSSES = "non-saturating", "minimax", "wasserstein"
TARGETS = {"interpolates": 1.0, "data": 0.0}  # of the slope, where the penalty looks at it


def critic_loss(
    loss: str, real: np.ndarray, forged: np.ndarray, weight: np.ndarray | None = None
) -> tuple[float, np.ndarray, np.ndarray]:
    """What the critic descends, −V, and its gradient with respect to the critic's outputs.

    "minimax" and "non-saturating": −mean log σ(d(x)) − mean log(1 − σ(d(G(z)))).
    "wasserstein": mean d(G(z)) − mean d(x).

    Parameters
    ----------
    loss : str
        One of `LOSSES`.
    real : (n, 1) array
        d of data.
    forged : (m, 1) array
        d of samples.
    weight : (n, 1) array, optional
        How often each row of the data counts in its mean, 1 on average; always once by default.

    Returns
    -------
    value : float
    real_gradient, forged_gradient : (n, 1) and (m, 1) arrays

    Raises
    ------
    ValueError, TypeError
        If there is no such loss or a shape does not fit.

    References
    ----------
    Goodfellow et al. (2014), Generative adversarial nets, equation 1. Arjovsky, Chintala and Bottou
    (2017), Wasserstein generative adversarial networks, equation 3. Book: (15.1), (15.9).

    Examples
    --------
    A critic that cannot tell says 0 everywhere and pays log 2 for each side:

    >>> value, _, _ = critic_loss("minimax", np.zeros((3, 1)), np.zeros((5, 1)))
    >>> round(value, 4)
    1.3863
    """
    weight = np.ones_like(real) if weight is None else weight
    if known("loss", loss) == "wasserstein":
        value = float(forged.mean() - (weight * real).mean())
        real_gradient = weight * real.dtype.type(-1 / len(real))
        return value, real_gradient, np.full_like(forged, 1 / len(forged))
    on, real_gradient = losses.binary_cross_entropy(real, np.ones_like(real))
    off, forged_gradient = losses.binary_cross_entropy(forged, np.zeros_like(forged))
    real_gradient *= weight
    real_gradient /= real.dtype.type(len(real))
    forged_gradient /= forged.dtype.type(len(forged))
    return float((weight[:, 0] * on).mean() + off.mean()), real_gradient, forged_gradient


def generator_loss(loss: str, forged: np.ndarray) -> tuple[float, np.ndarray]:
    """What the generator descends, mean ℓ(d), and its gradient with respect to the outputs d.

    "minimax": mean log(1 − σ(d(G(z)))), the part of −critic_loss that it can change.
    "non-saturating": −mean log σ(d(G(z))), whose gradient does not vanish where σ(d) ≈ 0.
    "wasserstein": −mean d(G(z)).

    Parameters
    ----------
    loss : str
        One of `LOSSES`.
    forged : (m, 1) array
        d of samples.

    Returns
    -------
    value : float
    gradient : (m, 1) array

    Raises
    ------
    ValueError, TypeError
        If there is no such loss or a shape does not fit.

    References
    ----------
    Goodfellow et al. (2014), Generative adversarial nets, section 3. Book: (15.5).

    Examples
    --------
    The critic is sure that a sample is one: only one of the losses still pulls.

    >>> sure = np.array([[-20.0]])
    >>> [float(round(generator_loss(loss, sure)[1][0, 0], 3)) for loss in LOSSES]
    [-1.0, -0.0, -1.0]
    """
    if known("loss", loss) == "wasserstein":
        return float(-forged.mean()), np.full_like(forged, -1 / len(forged))
    if loss == "minimax":
        off, gradient = losses.binary_cross_entropy(forged, np.zeros_like(forged))
        gradient /= -forged.dtype.type(len(forged))
        return float(-off.mean()), gradient
    on, gradient = losses.binary_cross_entropy(forged, np.ones_like(forged))
    gradient /= forged.dtype.type(len(forged))
    return float(on.mean()), gradient


def known(name: str, loss: Any) -> str:
    """`loss` if it is the name of one; `name` is the argument's, for the error message."""
    if validation.instance(name, loss, str) not in LOSSES:
        raise ValueError(f"{name}: expected one of {', '.join(LOSSES)}, got {loss!r}")
    return loss


def penalty(
    gan: Any, real: np.ndarray, forged: np.ndarray, mix: np.ndarray | None, weight: np.ndarray
) -> tuple[float, list[np.ndarray]]:
    """The gradient penalty, not yet multiplied by λ, at the data or at mix·x + (1 − mix)·G(z)."""
    at = real if gan.penalty_at == "data" else forged + mix * (real - forged)
    return gradient_penalty(gan.critic, at, TARGETS[gan.penalty_at], weight[:, 0])


class Game(Run):
    """Both networks in training, the data, and the memory of the updates.

    An update is one step of the critic; every `critic_steps`-th ends with one of the generator.
    """

    def __init__(
        self,
        gan: Any,
        X: Any,
        plan: Plan,
        critic_optimizer: Any,
        critic_steps: Any,
        penalties: Penalties = Penalties(),
        sample_weight: Any = None,
        held_out: Any = None,
        standardize: Any = False,
    ) -> None:
        super().__init__(gan, X.shape[0], plan)
        self.gan, self.X, self.standard, self.trained = gan, X, None, gan
        self.penalties, self.held_out = penalties, held_out
        validation.instance("standardize", standardize, (bool, np.bool_))
        self.weigh(sample_weight)
        if held_out is not None:
            self.held_out = validation.matrix("validation", held_out, gan.n_data)
            validation.domains("validation", self.held_out, Gaussian(), True, gan.dtype)
        self.columns = Columns(gan.generator.layers[-1].function, gan.n_data)
        for rows, block in validation.blocks("X", self.X, Gaussian(), gan.dtype, relaxed=True):
            self.columns.add(block, self.weight[rows])
        self.critic_optimizer = check_optimizer(critic_optimizer, "critic_optimizer")
        self.critic_steps = validation.integer("critic_steps", critic_steps)
        first, last = gan.critic.layers[0], gan.generator.layers[-1]
        if standardize and last.activation == "identity":
            self.standard = self.twin = Standardized(first, last, self.X, self.weight)
            self.trained = type(gan)(
                Network([*gan.generator.layers[:-1], self.standard.writer]),
                Network([self.standard.reader, *gan.critic.layers[1:]]),
                gan.loss,
                gan.gradient_penalty,
                gan.penalty_at,
            )
            if not unbiased(gan.parameters):  # else it was not made for the data
                self.standard.read()
        self.generator_memory = self.optimizer.start(gan.generator.parameters)
        self.critic_memory = self.critic_optimizer.start(gan.critic.parameters)

    @property
    def parameters(self) -> list[np.ndarray]:
        """The arrays of both networks as they are now: a callback may replace one."""
        return self.trained.parameters

    def update(self, rows: np.ndarray) -> None:
        """A turn on these rows, in the coordinates of the training."""
        weight = self.weight[rows].astype(self.gan.dtype)[:, None]
        if self.standard is None:
            self.turn(validation.dense(self.X[rows], self.gan.dtype), weight)
        else:
            self.turn(self.standard.rows(validation.dense(self.X[rows], np.float64)), weight)

    def turn(self, x: np.ndarray, weight: np.ndarray) -> None:
        """A step of the critic on these rows, and of the generator if it is its turn."""
        gan, n = self.trained, len(x)
        z = gan.latent(n, self.rng)
        mix = gan.mixing(n, self.rng)
        gradients, found = critic_gradients(gan, x, z, mix, weight)
        self.count({name: n * value for name, value in found.items()})
        self.step(self.critic_optimizer, gan.critic, gradients, self.critic_memory, self.updates)
        turns, left = divmod(self.updates + 1, self.critic_steps)
        if left == 0:
            _, gradients = generator_gradients(gan, gan.latent(n, self.rng))
            self.step(self.optimizer, gan.generator, gradients, self.generator_memory, turns - 1)

    def step(
        self,
        optimizer: Any,
        network: Network,
        gradients: list[np.ndarray],
        memory: list[np.ndarray],
        number: int,
    ) -> None:
        """A step of one of the two, down what it descends and the penalties on its weights."""
        ascent = negated(gradients)
        self.penalties.shrink(ascent, network.parameters)
        optimizer.step(network.parameters, ascent, memory, number)

    def monitors(self) -> dict[str, float]:
        """Means over the rows of the epoch, each batch judged before its step; then after it."""
        gan, rng = self.gan, np.random.default_rng([DREAM_SEED, self.history.epochs + 1])
        samples = gan.generator.forward(gan.latent(PROBE_ROWS, rng)).outputs[-1]
        row = self.means(self.n_rows)
        row["dream_error"] = self.columns.dream_error(samples.mean(axis=0))
        if self.held_out is not None:
            forged = gan.critic.forward(samples).outputs[-1]
            blocks = gan.critic.blocks("validation", self.held_out)
            real = np.concatenate([gan.critic.forward(x).outputs[-1] for _, x in blocks])
            row["validation_critic_loss"] = critic_loss(gan.loss, real, forged)[0]
            row["validation_gap"] = float(real.mean() - forged.mean())
        return row

    def reports(self) -> list[str]:
        """The names of these numbers."""
        names = ["critic_loss", "generator_loss", "gap"]
        names += [] if self.gan.loss == "wasserstein" else ["divergence"]
        names += [*(["penalty"] if self.gan.gradient_penalty else []), "dream_error"]
        held_out = ["validation_critic_loss", "validation_gap"]
        return names if self.held_out is None else names + held_out

    def memory(self) -> dict[str, np.ndarray]:
        """The memory of both optimizers."""
        generator = listed("optimizer", self.generator_memory)
        return generator | listed("critic_optimizer", self.critic_memory)

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {
            "critic_optimizer": self.critic_optimizer,
            "critic_steps": self.critic_steps,
            "penalties": self.penalties,
            "standardized": self.standard is not None,
        }

    def data(self) -> Iterator[Data]:
        """The data, and the held-out rows, unless their scale does not matter."""
        if self.standard is not None and self.standard.resolved:
            return
        yield "X", self.X, 1.0
        if self.held_out is not None:
            yield "validation", self.held_out, 1.0

    def advice(self) -> str:
        """What to lower when training diverged."""
        advice = super().advice()
        if self.critic_optimizer != self.optimizer:
            advice += f" or that of the critic's {self.critic_optimizer}"
        if self.gan.loss == "wasserstein" and not self.gan.gradient_penalty:
            advice += ", and give the Wasserstein critic a gradient_penalty, such as 10"
        return advice


def critic_gradients(
    gan: Any, x: np.ndarray, z: np.ndarray, mix: np.ndarray | None, weight: np.ndarray
) -> tuple[list[np.ndarray], dict[str, float]]:
    """Gradients of critic_loss + λ·penalty, and the monitors of this batch; unchecked."""
    critic, n = gan.critic, len(x)
    samples = gan.generator.forward(z).outputs[-1]
    trace = critic.forward(np.concatenate([x, samples]))
    real, forged = trace.outputs[-1][:n], trace.outputs[-1][n:]
    value, *to_outputs = critic_loss(gan.loss, real, forged, weight)
    gradients, _ = critic.backward(trace, np.concatenate(to_outputs), to_data=False)
    found = {
        "critic_loss": value,
        "generator_loss": generator_loss(gan.loss, forged)[0],
        "gap": float((weight * real).mean() - forged.mean()),
    }
    if gan.loss != "wasserstein":
        found["divergence"] = np.log(2) - value / 2
    if gan.gradient_penalty:
        found["penalty"], slope_gradients = penalty(gan, x, samples, mix, weight)
        strength = gan.dtype.type(gan.gradient_penalty)
        for gradient, more in zip(gradients, slope_gradients, strict=True):
            gradient += strength * more
    return gradients, found


def generator_gradients(gan: Any, z: np.ndarray) -> tuple[float, list[np.ndarray]]:
    """generator_loss and its gradients: back through the critic, then the generator; unchecked.

    Book: (15.4).
    """
    made = gan.generator.forward(z)
    judged = gan.critic.forward(made.outputs[-1])
    value, to_output = generator_loss(gan.loss, judged.outputs[-1])
    _, to_samples = gan.critic.backward(judged, to_output)
    gradients, _ = gan.generator.backward(made, to_samples, to_data=False)
    return value, gradients
