"""One object of every public class, and what it does: the table of `test_pickling`."""

import re

import numpy as np

import rbmbook as rb
from rbmbook import monitors
from rbmbook.dbm import mean_field
from rbmbook.machine import directed
from rbmbook.networks import activations, layers

X = rb.data.bars_and_stripes(3).astype(np.float64)
LABELS = (np.arange(len(X)) % 2).astype(int)
FEW = {"epochs": 2, "rng": 1, "progress": False}


def falling(update):
    """A schedule of the user's own, defined in a module."""
    return 0.1 / (1 + update)


def words(x):
    """Its repr, without the addresses of functions."""
    return re.sub(" at 0x[0-9a-f]+", "", repr(x))


def fitted(model, *data, **options):
    """The model after a short training."""
    model.fit(*data, **(FEW | options))
    return model


def trained(rbm):
    v = rbm.sample_visible(np.zeros((4, rbm.n_hidden)), 0)
    rb.fit(rbm, v, negative=rb.PCD(chains=5), **FEW)
    return list(rbm.parameters)


def trained_by(optimizer):
    """What a step from the same place gives."""
    theta = [np.ones(3), np.ones((2, 2))]
    memory = optimizer.start(theta)
    for update in range(3):
        optimizer.step(theta, [p + 1 for p in theta], memory, update)
    return [words(optimizer), *theta, *memory]


def estimated_by(negative):
    rbm = rb.RBM.random(9, 4, rng=0, scale=0.5)
    return [words(negative), *rb.gradient.estimate(rbm, X, negative, 0)]


def sampled_by(unit):
    columns = 6
    unit = unit.bind("unit", columns, np.dtype(np.float64))
    inputs = np.random.default_rng(0).normal(size=(4, columns))
    noise = unit.noise(inputs.shape, np.random.default_rng(1))
    return [words(unit), unit.mean(inputs), unit.sample(inputs, noise), *unit.parameters()]


def outputs(layer):
    return [words(layer), layer(X)]


def corrupted_by(noise):
    return [words(noise), noise.corrupt(X, 0)]


def network(net):
    return [net(X), fitted(net, X, LABELS, loss="softmax").layers[0].W, net(X)]


def autoencoder(ae):
    before = ae.reconstruct(X)
    ae.encoder.layers[0].W += 1  # is seen by the decoder if, and only if, they are tied
    return [words(ae), before, ae.reconstruct(X), *fitted(ae, X).parameters, ae.reconstruct(X)]


def deep(model):
    first = model.sample(3, rng=0)
    fitted(model, X)
    return [words(model), first, model.sample(3, rng=0)]


def deep_boltzmann(dbm):
    dbm.weights[0][0] = 1  # a live view
    return [*deep(dbm), *dbm.weights, *dbm.biases]


def untied():
    dbn = rb.DBN.random([9, 6, 4], rng=0, scale=1.0)
    dbn.untie()
    dbn.recognition[0].W[:] = 0.5
    return dbn


def belief(dbn):
    return [dbn.tied, dbn.transform(X), *deep(dbn), dbn.tied, dbn.transform(X)]


def estimator(model):
    return [words(model), answer(model.fit(X, LABELS))]


def fitted_estimator(model):
    return [words(model), answer(model), *model.rbm_.parameters, *estimator(model)]


def answer(model):
    gaps = np.where(np.arange(9) % 3, X, np.nan)
    if hasattr(model, "expected"):
        return model.expected(gaps)
    names = ("predict_proba", "transform", "score_samples")
    return next(getattr(model, name)(X) for name in names if hasattr(model, name))


def fields(value):
    """Everything that is in it."""
    return [type(value).__name__, words(value), *sorted(vars(value).items(), key=lambda x: x[0])]


def chains(state):
    rng = np.random.default_rng(3)
    state.step(rng)
    return [*state.memory().values(), rng.random()]


def error(error):
    return [type(error).__name__, str(error), error.args, vars(error)]


def history(history):
    history.append(epoch=3, loss=0.0)
    return [words(history), dict(history), history.epochs]


def tied():
    return fitted(rb.Autoencoder.random((9, 5, 3), tied=True, rng=0), X)


def shared_layer():
    layer = rb.Dense.random(9, 9, "tanh", rng=0)
    return rb.Network([layer, rb.Dense.random(9, 9, "relu", rng=1), layer])


def shared(net):
    net.layers[0].W[:] = 0.5
    return [net.layers[0] is net.layers[2], net(X)]


RATE = rb.optimize.linear_decay(0.2, 0.01, 40)
GAUSSIAN = rb.Gaussian(np.linspace(-1, 1, 6))
BOUND = GAUSSIAN.bind("unit", 6, np.dtype(np.float32))
MIXED = rb.Mixed([(rb.Gaussian(0.5), 3), (rb.Softmax(3), 3)])
UNITS = [rb.Bernoulli(), rb.Spin(), rb.Softmax(3), rb.ReLU(), rb.NoisyReLU(), GAUSSIAN, BOUND]
PHASES = [rb.CD(2), rb.PCD(2, 5), rb.FPCD(2, 5), rb.Tempered([0.0, 0.3, 1.0], 5), rb.Exact()]
SMALL = {"n_iter": 2, "random_state": 0}
REALS = rb.Gaussian(), rb.Mixed([(rb.Spin(), 2), (rb.ReLU(), 2)])
CHAINS = rb.Tempered(4, 10)
ESTIMATORS = [
    (rb.BernoulliRBM, lambda: rb.BernoulliRBM(4, **SMALL, optimizer=rb.SGD(RATE), negative=CHAINS)),
    (rb.GaussianRBM, lambda: rb.GaussianRBM(4, **SMALL, optimizer=rb.Adam(RATE))),
    (rb.RBMClassifier, lambda: rb.RBMClassifier(4, **SMALL, optimizer=rb.Adam(falling))),
    (rb.RBMImputer, lambda: rb.RBMImputer(4, **SMALL, chains=2, steps=4)),
    (rb.RBMOutlierDetector, lambda: rb.RBMOutlierDetector(4, **SMALL)),
    (rb.RatingsRBM, lambda: rb.RatingsRBM(4, **SMALL, negative=rb.CD(2))),
]
EXERCISE = rb.exercises.get("01.1")


def started(phase):
    """The chains of a negative phase."""
    return phase.start(rb.RBM.random(9, 4, rng=0, scale=0.5), np.random.default_rng(0))


def judged(attempt):
    return rb.exercises.grade(EXERCISE.name, attempt)


# (class, how to make an object of it, what it does): the last may change the object
CASES = [
    (rb.RBM, lambda: rb.RBM.random(9, 4, rng=0, scale=0.5), trained),
    (rb.RBM, lambda: rb.RBM.random(4, 4, rng=0, visible=REALS[0], hidden=REALS[1]), trained),
    (rb.RBM, lambda: rb.RBM.random(6, 4, rng=0, dtype=np.float64, visible=MIXED), trained),
    (rb.Parameters, lambda: rb.RBM.random(9, 4, rng=0).parameters, list),
    *[(type(unit), lambda unit=unit: unit, sampled_by) for unit in [*UNITS, MIXED]],
    *[(type(phase), lambda phase=phase: phase, estimated_by) for phase in PHASES],
    (rb.Discriminative, lambda: rb.Discriminative(0.1, rb.Tempered(4)), fields),
    *[
        (kind, lambda kind=kind, rate=rate: kind(rate), trained_by)
        for kind in (rb.SGD, rb.Adam)
        for rate in (0.1, RATE, falling)
    ],
    (rb.optimize.LinearDecay, lambda: RATE, lambda rate: [words(rate), *map(rate, range(50))]),
    (rb.Masking, lambda: rb.Masking(0.3), corrupted_by),
    (rb.GaussianNoise, lambda: rb.GaussianNoise(0.3), corrupted_by),
    (rb.Sparsity, lambda: rb.Sparsity(0.1, 2.0), fields),
    *[
        (rb.Dense, lambda name=name: rb.Dense.random(9, 4, name, rng=0), outputs)
        for name in activations.ACTIVATIONS
    ],
    (activations.Activation, lambda: activations.ACTIVATIONS["tanh"], lambda f: [f.slope(X)]),
    (
        layers.Transposed,
        lambda: layers.Transposed(rb.Dense.random(9, 9), np.zeros(9, "f")),
        outputs,
    ),
    (layers.Logits, lambda: layers.Logits(rb.Dense.random(9, 4, "tanh")), outputs),
    (layers.Logits, lambda: layers.Logits(rb.Dense.random(9, 4, "tanh")), outputs),
    (directed.Directed, lambda: directed.Directed.up(rb.RBM.random(9, 4)), lambda d: [d.mean(X)]),
    (rb.Network, lambda: rb.Network.random((9, 5, 2), "leaky_relu", rng=0), network),
    (rb.Network, shared_layer, shared),
    (rb.layers.Trace, lambda: rb.Network.random((9, 2), rng=0).forward(X), lambda t: t.outputs),
    (rb.Autoencoder, lambda: rb.Autoencoder.random((9, 5, 3), rng=0), autoencoder),
    (rb.Autoencoder, tied, autoencoder),
    (rb.DBN, lambda: rb.DBN.random([9, 6, 4], rng=0, scale=1.0), belief),
    (rb.DBN, untied, belief),
    (rb.DBM, lambda: rb.DBM.random([9, 6, 4], rng=0, scale=0.5), deep_boltzmann),
    (mean_field.MeanField, lambda: rb.DBM.random([9, 6, 4], rng=0).mean_field(X), fields),
    (rb.GAN, lambda: rb.GAN.random(2, 9, (5,), "tanh", "wasserstein", 0, "f", 1.0), deep),
    (rb.CategoricalEncoder, rb.CategoricalEncoder, estimator),
    *[(kind, make, estimator) for kind, make in ESTIMATORS],
    *[
        (kind, lambda make=make: make().fit(X, LABELS), fitted_estimator)
        for kind, make in ESTIMATORS
    ],
    (rb.History, lambda: rb.History({"epoch": [1, 2], "loss": [0.5, np.nan]}), history),
    (rb.evaluate.Estimate, lambda: rb.evaluate.ais(rb.RBM.random(9, 4), 5, 5, 0), fields),
    (rb.data.Dataset, lambda: rb.data.Dataset(X, LABELS), list),
    (rb.two_sample.Discrepancy, lambda: rb.two_sample.mmd(X, X + 1, 1.0, 3), list),
    (rb.two_sample.Coverage, lambda: rb.two_sample.coverage(X, X[:2], 0.5), list),
    (rb.tempering.Replicas, lambda: started(rb.Tempered(4, 5)), chains),
    (rb.negative.Chains, lambda: started(rb.PCD(1, 5)), lambda state: [state.v]),
    (
        rb.negative.Batch,
        lambda: rb.negative.Batch.of(rb.RBM.random(9, 4), X, np.full(len(X), 1 / len(X), "f")),
        lambda batch: [batch.v, batch.inputs, *batch.data_term],
    ),
    (rb.Callback, lambda: rb.Callback(print, every=3), fields),
    (rb.plots.LivePlot, lambda: rb.plots.LivePlot(["loss"], every=2.0), fields),
    (rb.Checkpoint, lambda: rb.Checkpoint("run.npz", every=3), fields),
    (rb.EarlyStopping, lambda: rb.EarlyStopping("loss", 3), fields),
    (
        rb.negative.FastChains,
        lambda: started(rb.FPCD(1, 5)),
        lambda state: list(state.memory().values()),
    ),
    (
        rb.exercises.Exercise,
        lambda: EXERCISE,
        lambda e: [words(judged(e.reference)), e is EXERCISE],
    ),
    (rb.exercises.Verdict, lambda: judged(lambda v: 1 / 0), fields),
    (rb.DivergenceError, lambda: rb.DivergenceError("training diverged"), error),
    (monitors.TrainingWarning, lambda: monitors.TrainingWarning("a layer sleeps"), error),
    (rb.exercises.WrongAnswer, lambda: rb.exercises.WrongAnswer("because", ("line 1",)), error),
    (rb.exercises.UnknownExercise, lambda: rb.exercises.UnknownExercise("none"), error),
]
CASES = {
    f"{kind.__name__}-{n}": (kind, make, behave) for n, (kind, make, behave) in enumerate(CASES)
}
