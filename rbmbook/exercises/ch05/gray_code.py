"""Exercise 05.3: the number of a state in the Gray code."""

import numpy as np

from ..exercise import exercise
from ..mistakes import in_terms_of


def value(digits):
    """Σ_j digit_j 2^j."""
    return digits @ 2 ** np.arange(digits.shape[1])


def summed_from_above(states):
    return np.cumsum(states[:, ::-1], axis=1)[:, ::-1]


def gray_number(states):
    """The number t of each row in the reflected Gray code; column j is digit j.

    Digit j of the state is the sum of the binary digits j and j + 1 of t, modulo 2. Added from
    digit j up to the last, all binary digits but the j-th occur twice.
    """
    return value(summed_from_above(states) % 2)


def cases(rng):
    every = np.arange(8)
    yield (((every ^ (every >> 1))[:, None] >> np.arange(3)) & 1,)
    yield (np.array([[0], [1]]),)
    for rows, n in ((6, 5), (20, 12)):
        yield (rng.integers(0, 2, size=(rows, n)),)


of_binary_digits = in_terms_of(lambda states: (summed_from_above(states) % 2,))


def alternating(states):
    """t_j = g_j − t_{j+1} from the last digit down, as ordinary numbers."""
    signs = (-1) ** np.arange(states.shape[1])
    return value(signs * summed_from_above(states * signs))


MISTAKES = {
    "you read each state as an ordinary binary number; that is its number in counting order, not "
    "in the Gray code.": value,
    "you apply (5.6) to the state, which leads from the number to the state. Here it has to be "
    "undone.": lambda states: (t := value(states)) ^ (t >> 1),
    "the columns are read in reverse order: column 0 is the digit that moves at every second step.":
        lambda states: gray_number(states[:, ::-1]),
    "you read each state as an ordinary binary number, and in reverse order.":
        lambda states: value(states[:, ::-1]),
    "the sum for binary digit j runs over the digits up to j; it runs from j up to the last, "
    "because the last digit of t and that of the state are equal.":
        lambda states: value(np.cumsum(states, axis=1) % 2),
    "the sum for binary digit j leaves out digit j of the state itself.":
        lambda states: value((summed_from_above(states) - states) % 2),
    "you subtract without reducing modulo 2: 0 − 1 is 1 there.": alternating,
    "you add along axis 0, from state to state; add along axis 1, over a state's digits.":
        lambda states: value(summed_from_above(states.T).T % 2),
    "this is the number of digits that are 1; the Gray code's number is asked for.":
        lambda states: states.sum(axis=1),
    "this is the lowest digit that is 1, near (5.5): which digit moves. Asked for is the number of "
    "the state.": lambda states: states.argmax(axis=1),
    "the numbers start at 0, but yours at −1.": lambda states: gray_number(states) - 1,
    "the sums of digits are not reduced modulo 2.": lambda states: value(summed_from_above(states)),
    "the numbers start at 0: the state with all digits 0 is number 0.":
        lambda states: gray_number(states) + 1,
    "you count from the end of the code: the state with all digits 0 is number 0.":
        lambda states: 2 ** states.shape[1] - 1 - gray_number(states),
    "these are the binary digits of t; put them together to the number t.":
        of_binary_digits(lambda digits: digits),
    "these are the binary digits of t, highest first; put them together to the number t.":
        of_binary_digits(np.fliplr),
    "the binary digits of t are right, but put together in reverse order: digit j stands for 2^j.":
        of_binary_digits(lambda digits: value(digits[:, ::-1])),
}  # fmt: skip

EXERCISE = exercise(__doc__, gray_number, cases, MISTAKES)
