"""The options of `rb.fit` in an estimator: the one place that says where each of them is found.

Most are parameters of the estimator with the same name, some with scikit-learn's. Two belong to the
data and come with them, in `fit`. A setting of a setting, such as the k of CD(k), is a parameter
too, `negative__k`: negative phases and optimizers are frozen, so `set_params` replaces them.
"""

import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from rbmbook.training.fit import fit

NAMES = {"epochs": "n_iter", "progress": "verbose", "rng": "random_state"}  # scikit-learn's
DATA = ("sample_weight", "validation")  # what an estimator's `fit` is given
MADE = ("rbm", "X", "history")  # what an estimator makes
OPTIONS = {
    option: NAMES.get(option, option)
    for option in inspect.signature(fit).parameters
    if option not in DATA + MADE
}


def store(estimator: Any, arguments: Mapping[str, Any]) -> None:
    """Keep the arguments of `__init__`, as they are: all that scikit-learn allows there."""
    for name, value in arguments.items():
        if name != "self":
            setattr(estimator, name, value)


def of_fit(estimator: Any) -> dict[str, Any]:
    """The arguments of `rb.fit` that an estimator's parameters stand for, unchecked."""
    found = {option: getattr(estimator, name) for option, name in OPTIONS.items()}
    return found | {"progress": bool(estimator.verbose)}


def of_data(estimator: Any, given: Mapping[str, Any]) -> tuple[Any, Any]:
    """The weights and the held-out data that `fit` was given; TypeError for anything else."""
    for name in given:
        if name not in DATA:
            raise TypeError(
                f"{type(estimator).__name__}.fit takes no argument {name!r}; with X it takes "
                f"{' and '.join(DATA)}, all else is a parameter of the estimator"
            )
    sample_weight, validation = (given.get(name) for name in DATA)
    return sample_weight, validation


def settings(value: Any) -> dict[str, Any]:
    """The settings of a frozen dataclass, with theirs behind two underscores; none of others."""
    if not is_dataclass(value) or isinstance(value, type):
        return {}
    own = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
    return own | {f"{n}__{inner}": s for n, v in own.items() for inner, s in settings(v).items()}


def replaced(value: Any, name: str, path: str, new: Any) -> Any:
    """A copy of a frozen dataclass with another setting, found along `path`.

    `name` is what it is called where it stands, for the error.
    """
    if path not in settings(value):
        there = ", ".join(settings(value)) or "none"
        raise ValueError(f"{name}__{path}: expected a setting of {value!r}, which has {there}")
    first, _, rest = path.partition("__")
    inner = replaced(getattr(value, first), f"{name}__{first}", rest, new) if rest else new
    return replace(value, **{first: inner})
