"""The deep belief network: a restricted Boltzmann machine on top, arrows down to the data.

With layers x⁰ = v, x¹, …, xᴸ and one machine between each pair, the model is

    p(v, x¹, …, xᴸ) = p(v | x¹) p(x¹ | x²) ⋯ p(xᴸ⁻² | xᴸ⁻¹) · p(xᴸ⁻¹, xᴸ),

where the last factor is the whole top machine and each of the others is one conditional of a lower
machine. The way up, q(x¹ | v) q(x² | x¹) ⋯, uses the other conditional of each lower machine: an
approximation of the posterior, exact only in special cases.

References
----------
Hinton, Osindero and Teh (2006), A fast learning algorithm for deep belief nets.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from rbmbook import validation as check
from rbmbook.dbn import bound as dbn_bound
from rbmbook.dbn import greedy
from rbmbook.dbn.stack import Stack
from rbmbook.dbn.wake_sleep import UpDown
from rbmbook.machine.rbm import RBM
from rbmbook.sampling import gibbs
from rbmbook.sampling.annealing import Estimate
from rbmbook.training.history import History
from rbmbook.training.loop import train
from rbmbook.training.negative import CD, PCD, Negative
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.penalties import Penalties, Sparsity
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, refuse
from rbmbook.training.plan import plan as planned
from rbmbook.training.stages import Stages

_REFUSED = {
    "centered": "each arrow learns by the delta rule, whose gradient is no difference of averages",
    "sparsity": "the states on the way up are drawn, and a target for their means has no gradient",
    "validation": "the network has no free energy; look at `DBN.bound` of held-out rows",
}


class DBN(Stack):
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

    def fit(
        self,
        X: Any,
        negative: Negative | Sequence[Negative | None] | None = CD(1),
        epochs: int | Sequence[int | None] | None = None,
        batch_size: int | Sequence[int] = 100,
        optimizer: Optimizer | Sequence[Optimizer] | None = None,
        *,
        weight_decay: float | Sequence[float] = 0.0,
        l1: float | Sequence[float] = 0.0,
        sparsity: Sparsity | Sequence[Sparsity | None] | None = None,
        inputs: str = "samples",
        sample_weight: Any = None,
        centered: bool | str | Sequence[bool | str | None] | None = None,
        validation: Any = None,
        rng: int | np.random.Generator = 0,
        progress: bool = True,
        callbacks: Sequence[Function] = (),
        early_stopping: EarlyStopping | None = None,
        checkpoint: str | os.PathLike | Checkpoint | None = None,
        history: History | None = None,
    ) -> History:
        """Train the machines one after the other, each on what the one below makes of the data.

        Parameters
        ----------
        X : (n, D) array or sparse matrix
            Visible states, or means (in [0, 1] for Bernoulli units).
        negative, epochs, batch_size, optimizer, weight_decay, l1, sparsity, centered
            As for `rb.fit`; a list or tuple has one value per machine, from the bottom. With 0
            epochs a machine
            stays as it is. Without an optimizer, ``SGD(0.2)``, by which the upper layers wake up:
            on 1,300 grey digits 8 × 8, logistic regression on the top features of 64-100-50 is
            right for 0.92 of the held-out ones, against 0.84 with ``SGD(0.05)``.
            Machines with units that have no list of states take ``SGD(0.05)``.
        inputs : "means" or "samples"
            What the machine above is trained on: E[h | v], or one draw from p(h | v) per row. The
            proof that a layer raises the bound is for samples. Means of units that are seldom sure
            vary less than states do, and teach the layer above less: on the same digits they end
            at 0.89, below the 0.90 of random weights.
        validation : (m, D) array or sparse matrix, optional
            Held-out rows, which are passed up likewise.
        rng : int or Generator
            Drawn from by one machine after the other.
        sample_weight, progress, early_stopping, history
            As for `rb.fit`. Early stopping ends the training of one layer; the next one follows.
        callbacks : sequence of callables
            Each is called as ``callback(dbn, history)``, as for `rb.fit`; all training stops after
            the epoch in which one returns True.
        checkpoint : path or Checkpoint, optional
            As for `rb.fit`, in one file per machine: the path with ``.layer1``, ``.layer2``, …
            added.

        Returns
        -------
        History
            One row per epoch of each machine: `layer` (from 1), then what `train.fit` reports, with
            `epoch` counted within the layer and `seconds` from the very start. The dreams are those
            of the layer's machine by itself, compared with what it is trained on.

        Raises
        ------
        ValueError, TypeError
            If an argument is outside its range or of the wrong type.
        DivergenceError
            If a parameter becomes infinite or NaN; that machine is then as it was after its last
            finite epoch, and those above are untouched.

        Warns
        -----
        TrainingWarning
            As for `train.fit`, naming the layer; a layer may sleep for 50 updates: it hands a
            constant to the one above.

        References
        ----------
        Hinton, Osindero and Teh (2006), section 4. Bengio, Lamblin, Popovici and Larochelle (2007),
        Greedy layer-wise training of deep networks.
        """
        if inputs not in ("means", "samples"):
            raise ValueError(f"inputs: expected 'means' or 'samples', got {inputs!r}")
        X = check.matrix("X", X, self.sizes[0])
        if validation is not None:
            validation = check.matrix("validation", validation, self.sizes[0])
        if optimizer is None:
            optimizer = [SGD(greedy.rate(rbm)) for rbm in self.rbms]
        options = greedy.layers(
            self.rbms,
            negative=negative,
            weight_decay=weight_decay,
            l1=l1,
            sparsity=sparsity,
            centered=centered,
        )
        stages = Stages(
            self,
            X.shape[0],
            len(self.rbms),
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
        self.tie()
        return greedy.fit(self.rbms, X, stages, options, inputs, sample_weight, validation)

    def up_down(
        self,
        X: Any,
        negative: Negative = CD(1),
        epochs: int | None = None,
        batch_size: int = 100,
        optimizer: Optimizer = SGD(0.01),
        *,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        sample_weight: Any = None,
        rng: int | np.random.Generator = 0,
        progress: bool = True,
        callbacks: Sequence[Function] = (),
        early_stopping: EarlyStopping | None = None,
        checkpoint: str | os.PathLike | Checkpoint | None = None,
        history: History | None = None,
        **refused: Any,
    ) -> History:
        """Fine-tune all layers together by contrastive wake-sleep, with the way up untied.

        Parameters
        ----------
        X : (n, D) array or sparse matrix
            Visible states, or means (in [0, 1] for Bernoulli units).
        epochs : int ≥ 0, optional
            As for `rb.fit`: enough for 3,000 updates on small data.
        negative : CD or PCD
            The top machine's negative phase; the states at which its chains end are the beginning
            of the way down.
        batch_size : int ≥ 1
        optimizer : optimizer
        weight_decay, l1 : float ≥ 0
            λ of the penalties ½ λ ‖W‖² and λ Σ |W_ij| on all weights, up, down and top.
        sample_weight
            As for `rb.fit`.
        rng : int or Generator
            Each epoch draws a permutation of the rows; each update the states up, the top machine's
            chains, and the states down.
        progress, callbacks, early_stopping, checkpoint, history
            As for `rb.fit`; a callback is called as ``callback(dbn, history)``.

        Returns
        -------
        History
            `epoch`, `seconds`, `reconstruction_error` (mean squared difference between a unit and
            what means carry up to the layer below the top and back, over 256 rows drawn at
            random once and for all), `dream_error`, `constant_features`, `saturated_features` (as
            for `train.fit`; the dreams come down from chains of the top machine, and of the
            hidden layers, on the way up, the worst counts),
            `untied1`, … (root mean square difference of the weights up and down).

        Raises
        ------
        ValueError, TypeError
            If an argument is outside its range or of the wrong type.
        DivergenceError
            If a parameter becomes infinite or NaN; the network is then as it was after the last
            finite epoch.

        References
        ----------
        Hinton, Osindero and Teh (2006), section 5 and appendix B. There the way up is trained on
        means of the visible units; here on samples, as the wake-sleep algorithm says.
        """
        refuse(refused, _REFUSED, "DBN.up_down")
        X = check.matrix("X", X, self.sizes[0])
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
        check.instance("negative", negative, (CD, PCD))
        return train(UpDown(self, X, plan, negative, Penalties(weight_decay, l1), sample_weight))

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
            Sweeps of the top machine's chains.
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
        Hinton, Osindero and Teh (2006), "Looking into the mind of a neural network".
        """
        self.require_finite()
        n, rng = check.integer("n", n), check.generator(rng)
        check.instance("means", means, (bool, np.bool_))
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
        start = check.matrix("start", start, self.sizes[0])
        if start.shape[0] != n:
            raise ValueError(f"start: expected {n} rows, one per sample, got {start.shape}")
        x = check.rows("start", start, self.rbms[0].visible, self.dtype)
        for way in self.recognition:
            x = way.sample(x, rng)
        return x

    def bound(
        self,
        v: Any,
        log_z: float | Estimate | None = None,
        rng: int | np.random.Generator = 0,
        samples: int = 20,
    ) -> np.ndarray:
        """The variational lower bound of log p(v): E_q[log p(v | h) + log p_top(h)] + H(q).

        For more than two machines, log p(v | h) stands for the arrows of all layers.

        Parameters
        ----------
        v : (n, D) array or sparse matrix of visible states
        log_z : float or Estimate, optional
            log Z of the top machine; by enumeration if not given. An estimate by `evaluate.ais` is
            too low on average, which makes this number too high.
        rng : int or Generator
        samples : int ≥ 1
            Passes up per row. The expectation is summed exactly, without them, if each layer
            between the data and the top machine's hidden units has at most 4,096 states.

        Returns
        -------
        (n,) array of the network's dtype, nats

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above, or `log_z` is needed: the top machine is too large.

        References
        ----------
        Hinton, Osindero and Teh (2006), section 4. Salakhutdinov and Murray (2008), On the
        quantitative analysis of deep belief networks.
        """
        samples, rng = check.integer("samples", samples), check.generator(rng)
        layers, blocks, log_z = self._prepared(v, log_z)
        if all(count <= dbn_bound.EXACT_STATES for count in layers.counts()):
            return dbn_bound.summed_bound(layers, blocks, log_z).astype(self.dtype)
        return self.log_weights(v, log_z, rng, samples).mean(axis=1).astype(self.dtype)

    def log_weights(
        self,
        v: Any,
        log_z: float | Estimate | None = None,
        rng: int | np.random.Generator = 0,
        samples: int = 20,
    ) -> np.ndarray:
        """log p(v, h) − log q(h | v) at draws h from q, in nats.

        The mean over the draws estimates the bound, without bias; the logarithm of the mean of
        their exponentials estimates log p(v) by importance sampling, on average too low.

        Parameters
        ----------
        v, log_z, rng, samples
            As for `bound`.

        Returns
        -------
        (n, samples) float64 array

        References
        ----------
        Burda, Grosse and Salakhutdinov (2016), Importance weighted autoencoders (why the mean of
        more weights gives a tighter bound).
        """
        samples, rng = check.integer("samples", samples), check.generator(rng)
        layers, blocks, log_z = self._prepared(v, log_z)
        return np.concatenate(
            [dbn_bound.sampled_log_weights(layers, v, log_z, samples, rng) for v in blocks]
        )

    def log_likelihood(self, v: Any) -> np.ndarray:
        """log p(v) of each row by summing over all hidden states of a small network, in nats.

        Parameters
        ----------
        v : (n, D) array or sparse matrix of visible states

        Returns
        -------
        (n,) array of the network's dtype

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit, a value is not a state, or the network is too large.
        """
        layers, blocks, log_z = self._prepared(v, None)
        dbn_bound.check_pairs(layers.counts())
        return dbn_bound.summed_log_likelihood(layers, blocks, log_z).astype(self.dtype)

    def _prepared(self, v: Any, log_z: Any) -> tuple[dbn_bound.Layers, Iterator[np.ndarray], float]:
        """The layers and the rows of v, block by block, in float64; log Z of the top machine."""
        v = check.matrix("v", v, self.sizes[0])
        blocks = check.blocks("v", v, self.rbms[0].visible, np.dtype(np.float64))
        layers = dbn_bound.Layers(self)
        return layers, (v for _, v in blocks), dbn_bound.top_log_partition(layers.top, log_z)


def transposed(rbm: RBM) -> RBM:
    """The same machine upside down: its hidden layer is the visible one of the copy.

    On top of the machine itself it gives a deep belief network with the same p(v): the start from
    which training the new layer can only raise the bound.

    References
    ----------
    Hinton, Osindero and Teh (2006), section 4.
    """
    rbm = check.instance("rbm", rbm, RBM)
    return RBM(rbm.W.T, rbm.b, rbm.a, rbm.hidden, rbm.visible)
