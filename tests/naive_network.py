"""Slow references for feed-forward networks: formulas of the book, in plain loops.

Nothing here comes from ``rbmbook``. A network is a list of layers (W, b, activation's name), from
the bottom up; ``x`` is one example (1-D), ``X`` a list or array of them.
"""

import math

import numpy as np
from naive import log_sum_exp, sigmoid, softplus

# --- finite differences -------------------------------------------------------------------------


def finite_differences(function, array, step=1e-6):
    """(f(x + step) − f(x − step)) / (2 step) for each entry of an array, which is changed and
    put back; ``function()`` looks at it."""
    out = np.empty(array.shape)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + step
        above = function()
        array[index] = kept - step
        below = function()
        array[index] = kept
        out[index] = (above - below) / (2 * step)
    return out


# --- feed-forward networks ----------------------------------------------------------------------

ACTIVATIONS = {
    "identity": lambda x: x,
    "sigmoid": sigmoid,
    "tanh": math.tanh,
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x: max(x, 0.2 * x),
    "softplus": softplus,
}
SLOPES = {  # as functions of the input
    "identity": lambda x: 1.0,
    "sigmoid": lambda x: sigmoid(x) * sigmoid(-x),
    "tanh": lambda x: 1 - math.tanh(x) ** 2,
    "relu": lambda x: 1.0 if x > 0 else 0.0,
    "leaky_relu": lambda x: 1.0 if x > 0 else 0.2,
    "softplus": sigmoid,
}


def forward(layers, x):
    """Inputs z = xᵀW + b and outputs f(z) of every layer, for one example."""
    inputs, outputs = [], []
    for W, b, activation in layers:
        z = [
            math.fsum(float(x[i]) * float(W[i][j]) for i in range(len(x))) + float(b[j])
            for j in range(len(b))
        ]
        x = [ACTIVATIONS[activation](value) for value in z]
        inputs.append(z)
        outputs.append(x)
    return inputs, outputs


def backward(layers, x, output_gradient):
    """Gradients [∂W, ∂b, …] and the gradient with respect to x, for one example."""
    inputs, outputs = forward(layers, x)
    g, gradients = [float(value) for value in output_gradient], []
    for i in reversed(range(len(layers))):
        W, b, activation = layers[i]
        below = outputs[i - 1] if i else x
        delta = [g[j] * SLOPES[activation](inputs[i][j]) for j in range(len(b))]
        to_W = [[float(value) * d for d in delta] for value in below]
        gradients = [np.array(to_W), np.array(delta), *gradients]
        g = [math.fsum(float(W[k][j]) * delta[j] for j in range(len(b))) for k in range(len(W))]
    return gradients, g


def squared_error(outputs, targets):
    """½ Σ_k (o_k − t_k)² of one example."""
    return math.fsum((o - t) ** 2 for o, t in zip(outputs, targets, strict=True)) / 2


def binary_cross_entropy(logits, targets):
    """−Σ_k [t_k log σ(x_k) + (1 − t_k) log σ(−x_k)] of one example."""
    return math.fsum(
        t * softplus(-x) + (1 - t) * softplus(x) for x, t in zip(logits, targets, strict=True)
    )


def softmax_cross_entropy(logits, label):
    """log Σ_k exp(x_k) − x_label of one example."""
    return log_sum_exp(logits) - logits[label]


LOSSES = {
    "squared": squared_error,
    "binary": binary_cross_entropy,
    "softmax": softmax_cross_entropy,
}


def mean_loss(layers, loss, X, y):
    """The mean over the examples of the loss of the outputs."""
    rows = zip(X, y, strict=True)
    return math.fsum(LOSSES[loss](forward(layers, x)[1][-1], t) for x, t in rows) / len(X)


def train_network(
    layers, loss, X, y, epochs, batch_size, rate, rng, decay=0.0, l1=0.0, weight=None
):
    """SGD on the mean loss plus ½·decay·‖W‖² + l1·Σ|W|, batch by batch of a new order each epoch.

    A row counts by its weight, divided by the mean of all weights.
    """
    counts = [1.0] * len(X) if weight is None else [w * len(X) / sum(weight) for w in weight]
    layers = [(np.array(W, float), np.array(b, float), name) for W, b, name in layers]
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            total = None
            for row in rows:
                outputs = forward(layers, X[row])[1][-1]
                g = output_gradient(loss, outputs, y[row])
                gradients = [counts[row] * part for part in backward(layers, X[row], g)[0]]
                pairs = gradients if total is None else zip(total, gradients, strict=True)
                total = gradients if total is None else [one + other for one, other in pairs]
            for i, (W, b, _) in enumerate(layers):
                W -= rate * (total[2 * i] / len(rows) + decay * W + l1 * np.sign(W))
                b -= rate * total[2 * i + 1] / len(rows)
    return layers


def output_gradient(loss, outputs, target):
    """What the network says minus what it should say."""
    if loss == "squared":
        return [o - t for o, t in zip(outputs, target, strict=True)]
    if loss == "binary":
        return [sigmoid(o) - t for o, t in zip(outputs, target, strict=True)]
    total = log_sum_exp(outputs)
    return [math.exp(o - total) - (k == target) for k, o in enumerate(outputs)]
