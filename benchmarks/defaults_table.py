"""The table of `defaults.py`: scores before and after, beside those of trivial models."""

import numpy as np


def spread(values: list[float] | None) -> str:
    """Mean ± standard deviation over the seeds."""
    if not values:
        return "–"
    if not np.isfinite(values).all():
        return f"diverged {np.count_nonzero(~np.isfinite(values))}/{len(values)}"
    return f"{np.mean(values):.3f} ± {np.std(values):.3f}"


def verdict(scores: dict[str, list[float]]) -> str:
    """Nothing where the model's mean is above the first trivial model's.

    "level" where it is below by no more than the scatter (the larger standard deviation over the
    seeds, or 0.005), "BELOW" where it is below by more.
    """
    model, trivial = list(scores.values())[:2] if len(scores) > 1 else ([-np.inf], [0.0])
    if not np.isfinite(model).all():
        return "BELOW"
    gap = np.mean(model) - np.mean(trivial)
    scatter = max(np.std(model), np.std(trivial), 0.005)
    return "" if gap > 0 else "level" if -gap <= scatter else "BELOW"


def table(titles: dict, before: dict, after: dict) -> str:
    """One line a cell: before | after | trivial models."""
    lines = ["| default, score | data | before | after | trivial | |", "|---|---|---|---|---|---|"]
    for title, cells in titles.items():
        for name in cells:
            old, new = before.get(title, {}).get(name, {}), after.get(title, {}).get(name, {})
            shown = new or old
            trivial = "; ".join(f"{k} {spread(v)}" for k, v in shown.items() if k != "model")
            both = spread(old.get("model")), spread(new.get("model"))
            lines.append(
                f"| {title} | {name} | {both[0]} | {both[1]} | {trivial} "
                f"| {verdict(shown) if shown else ''} |"
            )
    return "\n".join(lines)


NOTES = """\
"level" and "BELOW" compare with the first trivial model. The rows of *truth* hold data that one
Gaussian has made: the Gaussian with the full covariance is the truth there, up to the noise of its
estimate, and no machine of Gaussian and binary units passes it; independent Gaussians are the
rival. `BernoulliRBM` has the defaults of scikit-learn, 10 passes of batches of 10: on 30 rows these
are 30 updates, in which it learns little more than the means, which its biases start from.
"""
