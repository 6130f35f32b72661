"""What an autoencoder descends: reconstruction loss, penalties, and their gradient; one update."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from rbmbook import validation as check
from rbmbook.autoencoder import contraction
from rbmbook.autoencoder.corruption import GaussianNoise, Masking
from rbmbook.machine.units import Bernoulli, Gaussian
from rbmbook.networks import losses
from rbmbook.networks.layers import forward
from rbmbook.networks.network import Network
from rbmbook.networks.scaling import Standardized, unbiased
from rbmbook.networks.views import Logits
from rbmbook.training.checkpoint import listed
from rbmbook.training.divergence import Data
from rbmbook.training.loop import Run, probe_rows
from rbmbook.training.optimize import ascent
from rbmbook.training.penalties import Sparsity, decay
from rbmbook.training.plan import Plan

if TYPE_CHECKING:
    from rbmbook.autoencoder.model import Autoencoder

LOSSES = {"binary": losses.binary_cross_entropy, "squared": losses.squared_error}
DOMAINS = {"binary": Bernoulli(), "squared": Gaussian()}  # of the data


@dataclass(frozen=True)
class Objective:
    """Mean loss + contraction · mean ‖J‖² + cost · Σ_j KL(p ‖ q_j) + ½ weight_decay Σ W²."""

    loss: str
    noise: Masking | GaussianNoise | None = None
    contraction: float = 0.0
    sparsity: Sparsity | None = None
    weight_decay: float = 0.0

    @classmethod
    def checked(
        cls,
        ae: "Autoencoder",
        loss: Any,
        noise: Any,
        contraction: Any,
        sparsity: Any,
        weight_decay: Any,
    ) -> "Objective":
        """The objective, if it fits the autoencoder."""
        output, code = (net.layers[-1].activation for net in (ae.decoder, ae.encoder))
        if loss is None:
            loss = "binary" if output == "sigmoid" else "squared"
        check.instance("loss", loss, str)
        if loss not in LOSSES:
            raise ValueError(f"loss: expected one of {', '.join(LOSSES)}, got {loss!r}")
        if loss == "binary" and output != "sigmoid":
            raise ValueError(f"loss: 'binary' is for sigmoid outputs, got {output!r} outputs")
        if noise is not None:
            check.instance("noise", noise, (Masking, GaussianNoise))
        contraction = check.real("contraction", contraction, 0.0)
        if sparsity is not None:
            check.instance("sparsity", sparsity, Sparsity)
            check.real("sparsity", sparsity.target, 0.0, 1.0, closed="both")
            if code != "sigmoid":
                raise ValueError(f"sparsity: expected a code of sigmoid units, got {code!r} units")
        weight_decay = check.real("weight_decay", weight_decay, 0.0)
        return cls(loss, noise, contraction, sparsity, weight_decay)

    def data(self, name: str, X: Any, width: int, dtype: np.dtype) -> Any:
        """`X` as a matrix whose values the loss can take."""
        X = check.matrix(name, X, width)
        check.domains(name, X, DOMAINS[self.loss], True, dtype)
        return X

    def corrupted(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What the encoder is given of the rows x."""
        return x if self.noise is None else self.noise.corrupt(x, rng)

    def head(self, decoder: Network) -> Network:
        """The decoder up to where the loss begins."""
        if self.loss == "squared":
            return decoder
        return Network([*decoder.layers[:-1], Logits(decoder.layers[-1])])

    def value(self, terms: dict[str, float], parameters: list[np.ndarray]) -> float:
        """The objective, put together from the terms that a `Pass` found."""
        cost = 0.0 if self.sparsity is None else self.sparsity.cost
        penalty = self.contraction * terms.get("contraction", 0.0)
        penalty += cost * terms.get("sparsity", 0.0)
        squares = sum(np.vdot(p, p) for p in parameters if p.ndim == 2)
        return terms["loss"] + penalty + 0.5 * self.weight_decay * float(squares)


class Pass:
    """A way to the code and back, and the gradient of the objective, in memory made once."""

    def __init__(self, ae: "Autoencoder", objective: Objective, n: int) -> None:
        self.ae, self.objective = ae, objective
        self.encoder, self.head = ae.encoder, objective.head(ae.decoder)
        self.up, self.down = self.encoder.trace(n), self.head.trace(n)
        self.up_gradients = [np.empty_like(p) for p in self.encoder.parameters]
        self.down_gradients = [np.empty(p.shape, p.dtype) for p in self.head.parameters]

    @property
    def gradients(self) -> list[np.ndarray]:
        """One for each of the autoencoder's parameters."""
        down = self.down_gradients[1::2] if self.ae.tied else self.down_gradients
        return [*self.up_gradients, *down]

    def run(self, x: np.ndarray, given: np.ndarray) -> dict[str, float]:
        """Fill `gradients` with those of the objective; the mean of each term.

        The encoder is `given` the rows x after noise, and they are to be reconstructed as they are.
        """
        objective, n = self.objective, len(x)
        up, down = self.up.first(n), self.down.first(n)
        self.encoder.forward(given, up)
        self.head.forward(up.outputs[-1], down)
        value, gradient = LOSSES[objective.loss](down.outputs[-1], x)
        terms = {"loss": float(value.mean(dtype=np.float64))}
        gradient *= x.dtype.type(1 / n)
        _, code_gradient = self.head.backward(down, gradient, self.down_gradients)
        if objective.sparsity is not None:
            terms["sparsity"] = add_sparsity(objective.sparsity, up.outputs[-1], code_gradient)
        self.encoder.backward(up, code_gradient, self.up_gradients, to_data=False)
        if self.ae.tied:  # an array that is used twice has the sum of both uses' gradients
            uses = zip(self.up_gradients[::2], self.down_gradients[-2::-2], strict=True)
            for encoding, decoding in uses:
                encoding += decoding.T
        if objective.contraction:
            terms["contraction"] = contraction.add_gradient(
                self.encoder, up, self.up_gradients, objective.contraction
            )
        decay(self.gradients, self.ae.parameters, -objective.weight_decay)  # these descend
        return terms


def add_sparsity(sparsity: Sparsity, code: np.ndarray, gradient: np.ndarray) -> float:
    """Σ_j KL(p ‖ q_j), q_j the mean of code unit j over the rows; its gradient is added."""
    p, tiny = sparsity.target, float(np.finfo(code.dtype).eps)
    q = np.clip(code.mean(axis=0, dtype=np.float64), tiny, 1 - tiny)  # a dead unit costs much
    slope = (1 - p) / (1 - q) - p / q
    gradient += (sparsity.cost / len(code) * slope).astype(code.dtype)
    return float(np.sum(special.rel_entr(p, q) + special.rel_entr(1 - p, 1 - q)))


class Reconstruction(Run):
    """An autoencoder in training, its data, and the memory of its updates."""

    def __init__(
        self,
        ae: "Autoencoder",
        X: Any,
        plan: Plan,
        objective: Objective,
        held_out: Any = None,
        standardize: Any = False,
    ) -> None:
        super().__init__(ae, X.shape[0], plan)
        self.ae, self.X, self.objective, self.held_out = ae, X, objective, held_out
        check.instance("standardize", standardize, (bool, np.bool_))
        if held_out is not None:
            self.held_out = objective.data("validation", held_out, ae.encoder.sizes[0], ae.dtype)
        self.probe = check.dense(self.X[probe_rows(self.n_rows)], ae.dtype)
        first, last = ae.encoder.layers[0], ae.decoder.layers[-1]
        self.standard, self.trained = None, ae
        if standardize and last.activation == "identity":
            self.standard = Standardized(first, last, self.X)
            self.trained = type(ae)(
                Network([self.standard.reader, *ae.encoder.layers[1:]]),
                Network([*ae.decoder.layers[:-1], self.standard.writer]),
                ae.tied,
            )
            if not unbiased(ae.parameters):  # else it was not made for the data
                self.standard.read()
        self.optimizer_memory = self.optimizer.start(self.parameters)
        self.passes = Pass(self.trained, objective, self.batch_size)

    @property
    def parameters(self) -> list[np.ndarray]:
        """The arrays that are trained, as they are now: a callback may replace one."""
        return self.trained.parameters

    def update(self, rows: np.ndarray) -> None:
        """One step of the optimizer on the rows with these indices."""
        if self.standard is None:
            x = check.dense(self.X[rows], self.ae.dtype)
            self.descend(x, self.objective.corrupted(x, self.rng))
        else:
            x = check.dense(self.X[rows], np.float64)
            given = self.objective.corrupted(x, self.rng)  # the noise is in the units of the data
            self.descend(self.standard.rows(x), self.standard.rows(given))

    def publish(self) -> None:
        """Let the autoencoder have what was learned in other coordinates."""
        if self.standard is not None:
            self.standard.write()

    def adopt(self) -> None:
        """Go on from the autoencoder, if a callback has changed it."""
        if self.standard is not None:
            self.standard.read_changes()

    def descend(self, x: np.ndarray, given: np.ndarray) -> None:
        """The gradient of the objective at these rows, and the step."""
        terms = self.passes.run(x, given)
        self.count({name: mean * len(x) for name, mean in terms.items()})
        gradients = ascent(self.passes.gradients)
        self.optimizer.step(self.parameters, gradients, self.optimizer_memory, self.updates)

    def monitors(self) -> dict[str, float]:
        """The epoch's means over the training rows, and those of the held-out rows after it."""
        row = self.means(self.n_rows)
        layers = self.ae.encoder.layers
        outputs = forward(layers, self.probe)
        *_, back = forward(self.ae.decoder.layers, outputs[-1])
        row["reconstruction_error"] = ((self.probe - back) ** 2).mean(axis=1).mean()
        if self.held_out is not None:
            row["validation_loss"] = self.validation_loss()
            row["validation_error"] = self.ae.reconstruction_error(self.held_out).mean()
        names = [
            *(f"layer {number} of the encoder" for number in range(1, len(layers))),
            "the code",
        ]
        return row | self.features(names, [layer.function for layer in layers], outputs)

    def validation_loss(self) -> float:
        """The mean loss of the held-out rows, in the coordinates of the training."""
        if self.standard is None:
            return self.ae.loss(self.held_out, self.objective.loss).mean()
        blocks = check.blocks("validation", self.held_out, Gaussian(), np.float64, relaxed=True)
        return np.concatenate(
            [self.trained.loss(self.standard.rows(x), self.objective.loss) for _, x in blocks]
        ).mean()

    def memory(self) -> dict[str, np.ndarray]:
        """The optimizer's memory."""
        return listed("optimizer", self.optimizer_memory)

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {"objective": self.objective, "standardized": self.standard is not None}

    def sources(self) -> dict[str, Any]:
        """The data, and the held-out rows."""
        return {"X": self.X} | ({} if self.held_out is None else {"validation": self.held_out})

    def data(self) -> Iterator[Data]:
        """The data, and the held-out rows, unless their scale does not matter."""
        if self.standard is not None and self.standard.resolved:
            return
        yield "X", self.X, 1.0
        if self.held_out is not None:
            yield "validation", self.held_out, 1.0

    def advice(self) -> str:
        """What to lower when training diverged."""
        others = [f"{name}={getattr(self.objective, name)}" for name in ("contraction", "sparsity")]
        used = [getattr(self.objective, name) for name in ("contraction", "sparsity")]
        text = [other for other, value in zip(others, used, strict=True) if value]
        return " or ".join([super().advice(), *text])
