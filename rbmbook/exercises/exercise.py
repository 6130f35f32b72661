"""What an exercise is: a question whose answer is a function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import diagnosis


@dataclass(frozen=True)
class Exercise:
    """A question whose answer is a function.

    Parameters
    ----------
    name : str
        ``"NN.k"``: chapter and number.
    title : str
        What is asked, in a few words.
    reference : callable
        A right answer: written from the formula, independent of the compiled kernels where it
        can be. It returns an array, a number, or a tuple of these. What it takes by keyword alone
        are its pieces: an attempt has none, a mistake may put another in the place of one.
    cases : callable
        ``cases(rng)`` yields tuples of positional arguments, from tiny to awkward.
    mistakes : mapping of str to callable, optional
        What to tell the reader → the function that makes this mistake, or
        :class:`~rbmbook.exercises.mistakes.Ways` to make it. The first that agrees with an attempt
        is reported, so the more special one goes first.
    parts : tuple of str, optional
        Names of the parts of a tuple result, for messages.
    rtol, atol : float, optional
        An answer x is right if ``|x − expected| <= atol + rtol·|expected|``.
    compare : callable, optional
        For answers that are not unique: ``compare(args, received, expected)`` returns None or
        what is wrong. Type, shape and finiteness are checked before it is called.
    hint : callable, optional
        For wrong numbers that nothing else explains: ``hint(args, received, expected)`` returns
        what they show, or None.
    formula : str, optional
        A sentence with the formula, for what is told of an argument that is missing, has another
        sign, is transposed or taken for another one. Such slips need not be listed.

    Raises
    ------
    ValueError
        If the name is not of this form.

    Examples
    --------
    >>> import rbmbook as rb
    >>> half = rb.exercises.Exercise(
    ...     "99.1",
    ...     "Half of a number",
    ...     reference=lambda x: x / 2,
    ...     cases=lambda rng: [(x,) for x in rng.normal(size=3)],
    ...     mistakes={"That is the double.": lambda x: 2 * x},
    ... )
    >>> half.reference(3.0)
    1.5
    """

    name: str
    title: str
    reference: Callable[..., Any]
    cases: Callable[[np.random.Generator], Iterable[tuple]]
    mistakes: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    rtol: float = 1e-6
    atol: float = 1e-9
    compare: Callable[[tuple, Any, Any], str | None] | None = None
    hint: Callable[[tuple, Any, Any], str | None] | None = None
    formula: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d\d\.\d+", self.name):
            raise ValueError(f"name must look like '01.2', got {self.name!r}")

    def equal(self, x: Any, y: Any) -> bool:
        """Whether two answers agree within the tolerance (NaN agrees with NaN).

        Parameters
        ----------
        x, y : array, number, or tuple of these

        Returns
        -------
        bool

        Examples
        --------
        >>> from rbmbook import exercises
        >>> exercises.get("1.1").equal(1.0, 1.0 + 1e-9), exercises.get("1.1").equal(1.0, 1.1)
        (True, False)
        """
        return diagnosis.equal(x, y, self.rtol, self.atol)


def exercise(
    heading: str | None,
    reference: Callable[..., Any],
    cases: Callable[[np.random.Generator], Iterable[tuple]],
    mistakes: Mapping[str, Callable[..., Any]],
    formula: str = "",
    **options: Any,
) -> Exercise:
    """The exercise that a file's docstring names, such as "Exercise 02.1: a title.".

    Parameters
    ----------
    heading : str
        The docstring.
    reference, cases, mistakes, formula, **options
        As for `Exercise`.
    """
    first = (heading or "").split("\n", 1)[0]
    found = re.fullmatch(r"Exercise (\d\d\.\d+): (.)(.*(?:\?|[^.](?=\.)))\.?", first)
    if not found:
        raise ValueError(f"heading must look like 'Exercise 01.2: a title.', got {heading!r:.80}")
    title = found[2].upper() + found[3]
    return Exercise(found[1], title, reference, cases, mistakes, formula=formula, **options)
