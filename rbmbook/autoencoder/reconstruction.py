"""What an autoencoder descends: reconstruction loss, penalties, and their gradient; one update."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from rbmbook import validation
from rbmbook.autoencoder import contraction
from rbmbook.autoencoder.corruption import GaussianNoise, Masking
from rbmbook.machine.units import Bernoulli, Gaussian
from rbmbook.networks import losses
from rbmbook.networks.layers import Logits, forward
from rbmbook.networks.network import Network
from rbmbook.networks.scaling import Standardized, unbiased
from rbmbook.training.checkpoint import listed
from rbmbook.training.divergence import Data
from rbmbook.training.loop import FEATURES, Run
from rbmbook.training.optimize import negated
from rbmbook.training.penalties import Penalties, Sparsity
from rbmbook.training.plan import Plan
from rbmbook.training.probe import taught_rows

LOSSES = {"binary": losses.binary_cross_entropy, "squared": losses.squared_error}
DOMAINS = {"binary": Bernoulli(), "squared": Gaussian()}  # of the data


@dataclass(frozen=True)
class Objective:
    """Mean loss + contraction · mean ‖J‖² + cost · Σ_j KL(p ‖ q_j) + penalties on the weights.

    The means, and the q_j, are over the rows as they weigh.
    """

    loss: str
    noise: Masking | GaussianNoise | None = None
    contraction: float = 0.0
    penalties: Penalties = Penalties()

    @classmethod
    def checked(
        cls,
        ae: Any,
        loss: Any,
        noise: Any = None,
        contraction: Any = 0.0,
        penalties: Penalties = Penalties(),
    ) -> "Objective":
        """The objective, if it fits the autoencoder."""
        output, code = (net.layers[-1].activation for net in (ae.decoder, ae.encoder))
        if loss is None:
            loss = "binary" if output == "sigmoid" else "squared"
        validation.instance("loss", loss, str)
        if loss not in LOSSES:
            raise ValueError(f"loss: expected one of {', '.join(LOSSES)}, got {loss!r}")
        if loss == "binary" and output != "sigmoid":
            raise ValueError(f"loss: 'binary' is for sigmoid outputs, got {output!r} outputs")
        if noise is not None:
            validation.instance("noise", noise, (Masking, GaussianNoise))
        if penalties.sparsity is not None:
            validation.real("sparsity", penalties.sparsity.target, 0.0, 1.0, closed="both")
            if code != "sigmoid":
                raise ValueError(f"sparsity: expected a code of sigmoid units, got {code!r} units")
        return cls(loss, noise, validation.real("contraction", contraction, 0.0), penalties)

    def data(self, name: str, X: Any, width: int, dtype: np.dtype) -> Any:
        """`X` as a matrix whose values the loss can take."""
        X = validation.matrix(name, X, width)
        validation.domains(name, X, DOMAINS[self.loss], True, dtype)
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
        sparsity = self.penalties.sparsity
        value = terms["loss"] + self.contraction * terms.get("contraction", 0.0)
        if sparsity is not None:
            value += sparsity.cost * terms["sparsity"]
        return value + self.penalties.on_weights(parameters)


class Pass:
    """A way to the code and back, and the gradient of the objective, in memory made once."""

    def __init__(self, ae: Any, objective: Objective, n: int) -> None:
        self.ae, self.objective = ae, objective
        self.encoder, self.head = ae.encoder, objective.head(ae.decoder)
        self.up, self.down = self.encoder.trace(n), self.head.trace(n)
        self.up_gradients = [np.empty_like(p) for p in self.encoder.parameters]
        self.down_gradients = [np.empty(p.shape, p.dtype) for p in self.head.parameters]

    @property
    def ascent(self) -> list[np.ndarray]:
        """Minus the gradient of the objective, one array for each of the autoencoder's."""
        down = self.down_gradients[1::2] if self.ae.tied else self.down_gradients
        return [*self.up_gradients, *down]

    def run(self, x: np.ndarray, given: np.ndarray, share: np.ndarray) -> dict[str, float]:
        """Fill `ascent`; the terms of the objective.

        The encoder is `given` the rows x after noise, and they are to be reconstructed as they are.
        Each counts by its `share`, an (n,) float64 array: 1 / n of all for their mean.

        Book: (14.3).
        """
        objective = self.objective
        up, down = self.up.first(len(x)), self.down.first(len(x))
        self.encoder.forward(given, up)
        self.head.forward(up.outputs[-1], down)
        value, gradient = LOSSES[objective.loss](down.outputs[-1], x)
        terms = {"loss": float(share @ value)}
        gradient *= share.astype(x.dtype)[:, None]
        _, code_gradient = self.head.backward(down, gradient, self.down_gradients)
        if objective.penalties.sparsity is not None:
            terms["sparsity"] = add_sparsity(
                objective.penalties.sparsity, up.outputs[-1], code_gradient, share
            )
        self.encoder.backward(up, code_gradient, self.up_gradients, to_data=False)
        if self.ae.tied:  # an array that is used twice has the sum of both uses' gradients
            uses = zip(self.up_gradients[::2], self.down_gradients[-2::-2], strict=True)
            for encoding, decoding in uses:
                encoding += decoding.T
        if objective.contraction:
            terms["contraction"] = contraction.add_gradient(
                self.encoder, up, self.up_gradients, objective.contraction, share
            )
        objective.penalties.shrink(negated(self.ascent), self.ae.parameters)
        return terms


def add_sparsity(
    sparsity: Sparsity, code: np.ndarray, gradient: np.ndarray, share: np.ndarray
) -> float:
    """Σ_j KL(p ‖ q_j), times the sum of the rows' shares; its gradient times `cost` is added.

    q_j is the mean of code unit j over the rows, as their shares weigh.
    """
    total = share.sum()
    p, tiny = sparsity.target, float(np.finfo(code.dtype).eps)
    q = np.clip(share @ code / (total or 1.0), tiny, 1 - tiny)  # a dead unit costs much
    slope = (1 - p) / (1 - q) - p / q
    gradient += (sparsity.cost * np.outer(share, slope)).astype(code.dtype)
    return float(total * np.sum(special.rel_entr(p, q) + special.rel_entr(1 - p, 1 - q)))


class Reconstruction(Run):
    """An autoencoder in training, its data, and the memory of its updates."""

    def __init__(
        self,
        ae: Any,
        X: Any,
        plan: Plan,
        objective: Objective,
        sample_weight: Any = None,
        held_out: Any = None,
        standardize: Any = False,
    ) -> None:
        super().__init__(ae, X.shape[0], plan)
        self.ae, self.X, self.objective, self.held_out = ae, X, objective, held_out
        validation.instance("standardize", standardize, (bool, np.bool_))
        self.weigh(sample_weight)
        if held_out is not None:
            self.held_out = objective.data("validation", held_out, ae.encoder.sizes[0], ae.dtype)
        self.probe = validation.dense(self.X[taught_rows(self.weight)], ae.dtype)
        first, last = ae.encoder.layers[0], ae.decoder.layers[-1]
        self.standard, self.trained = None, ae
        if standardize and last.activation == "identity":
            self.standard = self.twin = Standardized(first, last, self.X, self.weight)
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
        share = self.weight[rows] / len(rows)
        if self.standard is None:
            x = validation.dense(self.X[rows], self.ae.dtype)
            terms = self.passes.run(x, self.objective.corrupted(x, self.rng), share)
        else:
            x = validation.dense(self.X[rows], np.float64)
            given = self.objective.corrupted(x, self.rng)  # the noise is in the units of the data
            terms = self.passes.run(self.standard.rows(x), self.standard.rows(given), share)
        self.count({name: mean * len(rows) for name, mean in terms.items()})
        self.optimizer.step(
            self.parameters, self.passes.ascent, self.optimizer_memory, self.updates
        )

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

    def reports(self) -> list[str]:
        """The names of these numbers."""
        names = ["loss"]
        names += ["sparsity"] if self.objective.penalties.sparsity is not None else []
        names += ["contraction"] if self.objective.contraction else []
        held_out = ["validation_loss", "validation_error"] if self.held_out is not None else []
        return [*names, "reconstruction_error", *held_out, *FEATURES]

    def validation_loss(self) -> float:
        """The mean loss of the held-out rows, in the coordinates of the training."""
        if self.standard is None:
            return self.ae.loss(self.held_out, self.objective.loss).mean()
        blocks = validation.blocks(
            "validation", self.held_out, Gaussian(), np.float64, relaxed=True
        )
        return np.concatenate(
            [self.trained.loss(self.standard.rows(x), self.objective.loss) for _, x in blocks]
        ).mean()

    def memory(self) -> dict[str, np.ndarray]:
        """The optimizer's memory."""
        return listed("optimizer", self.optimizer_memory)

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {"objective": self.objective, "standardized": self.standard is not None}

    def data(self) -> Iterator[Data]:
        """The data, and the held-out rows, unless their scale does not matter."""
        if self.standard is not None and self.standard.resolved:
            return
        yield "X", self.X, 1.0
        if self.held_out is not None:
            yield "validation", self.held_out, 1.0

    def advice(self) -> str:
        """What to lower when training diverged."""
        penalties = {
            "contraction": self.objective.contraction,
            "sparsity": self.objective.penalties.sparsity,
        }
        used = [f"{name}={value}" for name, value in penalties.items() if value]
        return " or ".join([super().advice(), *used])
