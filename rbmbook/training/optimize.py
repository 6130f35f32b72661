"""Gradient ascent on a list of arrays: SGD with momentum, and Adam.

The same two serve every model in the package. An optimizer is a frozen set of numbers; what it
remembers between steps is a list of arrays made by `start`. Learning rates may change over time:
give a function of the number of the update, counted from 0, in place of a number. `linear_decay`
makes one. One of your own is pickled with the optimizer if it is defined by ``def`` in a module.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rbmbook import validation
from rbmbook._jit import jit

Rate = float | Callable[[int], float]


class Optimizer(Protocol):
    """What `fit` asks of an optimizer.

    Examples
    --------
    Steps of one length, whatever the gradient's:

    >>> import numpy as np
    >>> import rbmbook as rb
    >>> class Normed:
    ...     def start(self, parameters):
    ...         return []
    ...
    ...     def step(self, parameters, gradient, memory, update):
    ...         for parameter, g in zip(parameters, gradient):
    ...             parameter += 0.01 * g / max(np.linalg.norm(g), 1e-12)
    >>> X = rb.data.bars_and_stripes(3)
    >>> rbm = rb.RBM.random(9, 4, rng=0)
    >>> rb.fit(rbm, X, rb.CD(1), epochs=5, optimizer=Normed(), progress=False).epochs
    5
    """

    def start(self, parameters: Iterable[np.ndarray]) -> list[np.ndarray]:
        """The memory between steps: arrays of zeros.

        Parameters
        ----------
        parameters : iterable of arrays

        Returns
        -------
        list of arrays

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.SGD(0.1).start([np.ones(2)])
        [array([0., 0.])]
        """

    def step(
        self,
        parameters: Iterable[np.ndarray],
        gradient: Iterable[np.ndarray],
        memory: list[np.ndarray],
        update: int,
    ) -> None:
        """Move the parameters up the gradient, in place.

        Parameters
        ----------
        parameters, gradient : iterables of arrays
            In the same order; the parameters are changed in place.
        memory : list of arrays
            From `start`; changed in place.
        update : int ≥ 0
            Its number.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> theta, optimizer = [np.array([1.0])], rb.SGD(0.1)
        >>> optimizer.step(theta, [np.array([2.0])], optimizer.start(theta), update=0)
        >>> theta
        [array([1.2])]
        """


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient ascent with momentum: u ← momentum·u + rate·gradient, θ ← θ + u.

    Parameters
    ----------
    learning_rate : float > 0, or function of the update's number (0, 1, …) that returns one
    momentum : float in [0, 1)

    Raises
    ------
    ValueError, TypeError
        If a number is outside its range.

    References
    ----------
    Polyak (1964), Some methods of speeding up the convergence of iteration methods.
    Book: (4.8), (4.9), (8.2), (8.3).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> theta, optimizer = [np.array([0.0])], rb.SGD(0.1, momentum=0.9)
    >>> memory = optimizer.start(theta)
    >>> for update in range(3):  # up a slope of 1, faster and faster
    ...     optimizer.step(theta, [np.array([1.0])], memory, update)
    ...     print(theta[0].round(3))
    [0.1]
    [0.29]
    [0.561]
    """

    learning_rate: Rate = 0.05
    momentum: float = 0.0

    def __post_init__(self) -> None:
        _check_rate(self.learning_rate)
        validation.real("momentum", self.momentum, 0.0, 1.0)

    def start(self, parameters: Iterable[np.ndarray]) -> list[np.ndarray]:
        """A velocity for each parameter.

        Parameters
        ----------
        parameters : iterable of arrays

        Returns
        -------
        list of arrays

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.SGD(0.1).start([np.ones(2)])
        [array([0., 0.])]
        """
        return [np.zeros(p.shape, p.dtype) for p in parameters]

    def step(
        self,
        parameters: Iterable[np.ndarray],
        gradient: Iterable[np.ndarray],
        memory: list[np.ndarray],
        update: int,
    ) -> None:
        """One step up the gradient, in place.

        Parameters
        ----------
        parameters, gradient : iterables of arrays
        memory : list of arrays
        update : int ≥ 0

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> theta, optimizer = [np.array([1.0])], rb.SGD(0.1)
        >>> optimizer.step(theta, [np.array([2.0])], optimizer.start(theta), update=0)
        >>> theta
        [array([1.2])]
        """
        rate = rate_at(self.learning_rate, update)
        for p, g, velocity in zip(parameters, gradient, memory, strict=True):
            step, momentum = p.dtype.type(rate), p.dtype.type(self.momentum)
            if momentum == 0:
                _in_place(ascend, [p], g, step)
            else:
                _in_place(ascend_with_momentum, [p, velocity], g, step, momentum)


@dataclass(frozen=True)
class Adam:
    """Adam: steps scaled by running estimates of the gradient's mean and square.

    Parameters
    ----------
    learning_rate : float > 0, or function of the update's number (0, 1, …) that returns one
    beta1, beta2 : float in [0, 1)
        Decay of the running mean and of the running square.
    epsilon : float > 0

    Raises
    ------
    ValueError, TypeError
        If a number is outside its range.

    References
    ----------
    Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> theta, optimizer = [np.array([0.0, 0.0])], rb.Adam(0.1)
    >>> memory = optimizer.start(theta)
    >>> optimizer.step(theta, [np.array([1000.0, -0.001])], memory, update=0)
    >>> theta[0].round(3)  # the first step has the learning rate's length, whatever the gradient's
    array([ 0.1, -0.1])
    """

    learning_rate: Rate = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        _check_rate(self.learning_rate)
        validation.real("beta1", self.beta1, 0.0, 1.0)
        validation.real("beta2", self.beta2, 0.0, 1.0)
        validation.real("epsilon", self.epsilon, 0.0, closed="neither")

    def start(self, parameters: Iterable[np.ndarray]) -> list[np.ndarray]:
        """A running mean and a running square for each parameter.

        Parameters
        ----------
        parameters : iterable of arrays

        Returns
        -------
        list of arrays

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Adam(0.1).start([np.ones(2)])
        [array([0., 0.]), array([0., 0.])]
        """
        return [np.zeros(p.shape, p.dtype) for p in parameters for _ in range(2)]

    def step(
        self,
        parameters: Iterable[np.ndarray],
        gradient: Iterable[np.ndarray],
        memory: list[np.ndarray],
        update: int,
    ) -> None:
        """One step up the gradient, in place.

        Parameters
        ----------
        parameters, gradient : iterables of arrays
        memory : list of arrays
        update : int ≥ 0

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> theta, optimizer = [np.array([1.0])], rb.Adam(0.01)
        >>> optimizer.step(theta, [np.array([5.0])], optimizer.start(theta), update=0)
        >>> theta[0].round(3)
        array([1.01])
        """
        t = update + 1
        correction = np.sqrt(1 - self.beta2**t) / (1 - self.beta1**t)
        rate = rate_at(self.learning_rate, update) * correction
        # The two corrections of algorithm 1, folded into the rate and into epsilon.
        epsilon = self.epsilon * np.sqrt(1 - self.beta2**t)
        for i, (p, g) in enumerate(zip(parameters, gradient, strict=True)):
            mean, square = memory[2 * i], memory[2 * i + 1]
            numbers = (p.dtype.type(x) for x in (rate, self.beta1, self.beta2, epsilon))
            _in_place(_adam, [p, mean, square], g, *numbers)


@dataclass(frozen=True)
class LinearDecay:
    """A learning rate on a line from `start` to `end`, then constant: what `linear_decay` makes.

    Parameters
    ----------
    start, end : float > 0
    updates : int ≥ 1

    Raises
    ------
    ValueError, TypeError
        If a number is not as above.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rate = rb.optimize.linear_decay(0.1, 0.02, updates=100)
    >>> rate, rate == rb.optimize.LinearDecay(0.1, 0.02, 100)
    (linear_decay(0.1, 0.02, updates=100), True)
    >>> rb.SGD(rate).learning_rate(50)
    0.06
    """

    start: float
    end: float
    updates: int

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            number = validation.real(name, getattr(self, name), 0.0, closed="neither")
            object.__setattr__(self, name, number)
        object.__setattr__(self, "updates", validation.integer("updates", self.updates))

    def __call__(self, update: int) -> float:
        """The rate of an update, counted from 0."""
        update = validation.integer("update", update, minimum=0)
        return self.start + (self.end - self.start) * min(update / self.updates, 1.0)

    def __repr__(self) -> str:
        return f"linear_decay({self.start!r}, {self.end!r}, updates={self.updates})"


def linear_decay(start: float, end: float, updates: int) -> LinearDecay:
    """A learning rate that falls (or rises) on a line from `start` to `end`, then stays.

    Parameters
    ----------
    start, end : float > 0
    updates : int ≥ 1
        Number of updates after which `end` is reached.

    Returns
    -------
    LinearDecay
        A function of the number of the update, an int ≥ 0. Two with the same numbers are equal,
        and unlike a function written on the spot it can be pickled.

    Raises
    ------
    ValueError, TypeError
        If a number is not as above.

    Examples
    --------
    >>> from rbmbook.training.optimize import linear_decay
    >>> rate = linear_decay(0.1, 0.02, updates=100)
    >>> [round(rate(t), 3) for t in (0, 50, 100, 500)]
    [0.1, 0.06, 0.02, 0.02]
    """
    return LinearDecay(start, end, updates)


def rate_at(rate: Rate, update: int) -> float:
    """The learning rate of an update, checked where a function gives it.

    Parameters
    ----------
    rate : float > 0, or function of the update's number
    update : int ≥ 0

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a function returns something else than a number > 0.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.optimize.rate_at(0.1, 7), rb.optimize.rate_at(lambda update: 1 / (1 + update), 3)
    (0.1, 0.25)
    """
    return _positive(rate(update)) if callable(rate) else rate


def optimizer(value: Any, name: str = "optimizer") -> Optimizer:
    """`value` if it offers what `Optimizer` asks for; `name` is the argument's, for the error.

    Parameters
    ----------
    value : object
    name : str

    Returns
    -------
    optimizer

    Raises
    ------
    TypeError
        If it has no `start` or no `step`.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.optimize.optimizer(rb.SGD(0.1))
    SGD(learning_rate=0.1, momentum=0.0)
    >>> rb.optimize.optimizer(0.1)
    Traceback (most recent call last):
        ...
    TypeError: optimizer: expected an optimizer such as SGD(0.05), got 0.1
    """
    if isinstance(value, type) or not all(hasattr(value, method) for method in ("start", "step")):
        raise TypeError(f"{name}: expected an optimizer such as SGD(0.05), got {value!r}")
    return value


def negated(gradients: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """The same arrays with the opposite sign: optimizers ascend, and a loss is to be descended.

    Parameters
    ----------
    gradients : sequence of arrays
        Changed in place.

    Returns
    -------
    sequence of arrays
        `gradients` itself.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.optimize.negated([np.array([1.0, -2.0])])
    [array([-1.,  2.])]
    """
    for gradient in gradients:
        np.negative(gradient, out=gradient)
    return gradients


def _check_rate(rate: Any) -> Rate:
    return rate if callable(rate) else _positive(rate)


def _positive(rate: Any) -> float:
    return validation.real("learning_rate", rate, 0.0, closed="neither")


def _in_place(kernel: Any, changed: list[np.ndarray], gradient: np.ndarray, *numbers: Any) -> None:
    """Let a kernel change arrays of any order in memory, which it sees as vectors."""
    vectors = [array.ravel() for array in changed]  # views of C-contiguous arrays, else copies
    kernel(*vectors, gradient.ravel(), *numbers)
    for array, vector in zip(changed, vectors, strict=True):
        if not array.flags.c_contiguous:
            array[...] = vector.reshape(array.shape)


@jit
def ascend(parameter, gradient, rate):
    """θ ← θ + rate·gradient."""
    for i in range(parameter.size):
        parameter[i] += rate * gradient[i]


@jit
def ascend_with_momentum(parameter, velocity, gradient, rate, momentum):
    """u ← momentum·u + rate·gradient, θ ← θ + u, in one pass over memory."""
    for i in range(parameter.size):
        velocity[i] = momentum * velocity[i] + rate * gradient[i]
        parameter[i] += velocity[i]


@jit
def _adam(parameter, mean, square, gradient, rate, beta1, beta2, epsilon):
    """Algorithm 1 of Kingma and Ba (2015) in one pass over memory."""
    one = parameter.dtype.type(1)
    for i in range(parameter.size):
        g = gradient[i]
        mean[i] = beta1 * mean[i] + (one - beta1) * g
        square[i] = beta2 * square[i] + (one - beta2) * g * g
        parameter[i] += rate * mean[i] / (np.sqrt(square[i]) + epsilon)
