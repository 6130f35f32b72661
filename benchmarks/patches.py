"""Patches of photographs: filters of a Gaussian machine that are edges, and what it is worth.

    python benchmarks/patches.py
    python benchmarks/patches.py levelled    only the levelled patches, into the file that is there

Patches of 12 × 12 pixels are cut from scikit-learn's two photographs at half their size; of every
200 columns of pixels the last 50 are held out, and no patch lies across the border. The mean of
each patch is subtracted, which leaves 143 dimensions, and contrast is evened out. A pixel is a
whole number; uniform noise of one grey level makes it a real one, without which flat patches would
have any density one likes. Every seed draws its own patches. Compared are mean log-likelihoods of
held-out patches, in nats, as densities of the first 143 pixels: a normal distribution with all
covariances, independent pixels, factor analysis, mixtures of bells with free centres and one width
for each pixel, a mixture of normal distributions that differ in scale only, and restricted
Boltzmann machines (log Z by annealing) on pixels and on whitened pixels. "levelled" are the same
patches with one thing changed: each whitened patch is stretched to the length that a normal
distribution would have given it, the order of lengths kept. Writes `results/patches.json`, and to
`results/patches.npz` the filters of two machines, one on whitened patches and one on standardised
pixels, as whole numbers from −127 to 127.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import machine as computer
import numpy as np
import recipes
from scipy.special import logsumexp
from scipy.stats import chi2, multivariate_normal
from sklearn.datasets import load_sample_images
from sklearn.decomposition import FactorAnalysis

import rbmbook as rb

SIDE = 12
FREE = SIDE * SIDE - 1  # dimensions, once the mean is gone


@dataclass(frozen=True)
class Recipe:
    """How the patches are cut and the machines trained."""

    training: int = 20_000
    held_out: int = 4_000
    floor: float = 0.05  # added to the mean square of a patch before contrast is evened out
    seeds: tuple[int, ...] = (0, 1, 2)
    hidden: tuple[int, ...] = (25, 100, 200)
    epochs: int = 15
    edge_patches: int = 60_000  # for the machine whose filters are shown
    edge_epochs: int = 40
    edge_share: float = 0.98  # of the variance, in the directions that it sees
    rate: float = 0.02  # on whitened pixels
    pixel_rate: float = 0.005
    precision_rate: float = 0.005  # where the precision is learned
    hidden_bias: float = -4.0
    momentum: float = 0.9
    chains: int = 100
    betas: int = 1_000


def photographs() -> list[np.ndarray]:
    """Both photographs in grey, at half their size, with noise of one grey level, standardised."""
    halves, rng = [], np.random.default_rng(0)
    for picture in load_sample_images().images:
        grey = picture.mean(axis=2)
        height, width = (side - side % 2 for side in grey.shape)
        half = grey[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
        half += rng.random(half.shape)
        halves.append((half - half.mean()) / half.std())
    return halves


def cut(
    pictures: list[np.ndarray], count: int, held_out: bool, rng: np.random.Generator
) -> np.ndarray:
    """Patches with mean 0 from the columns for training, or from those held out."""
    rows = []
    for picture in pictures:
        left = np.arange(picture.shape[1] - SIDE + 1)
        first, last = left % 100, (left + SIDE - 1) % 100  # 100 columns at half the size
        inside = first < last  # not across the end of the hundred
        side = first >= 75 if held_out else last < 75
        columns = rng.choice(left[inside & side], count // len(pictures))
        lines = rng.integers(0, picture.shape[0] - SIDE + 1, len(columns))
        rows += [
            picture[i : i + SIDE, j : j + SIDE].ravel() for i, j in zip(lines, columns, strict=True)
        ]
    patches = np.array(rows)
    return patches - patches.mean(axis=1, keepdims=True)


def evened(patches: np.ndarray, floor: float) -> np.ndarray:
    """Patches of nearly equal contrast; flat ones stay flat."""
    return patches / np.sqrt((patches**2).mean(axis=1, keepdims=True) + floor)


def axes(patches: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Largest variances, up to this share of their sum, and their directions, a column each."""
    variances, directions = np.linalg.eigh(np.cov(patches.T))
    variances, directions = variances[::-1], directions[:, ::-1]
    count = 1 + int(np.searchsorted(np.cumsum(variances) / variances.sum(), share))
    return variances[:count], directions[:, :count]


def scales(squares: np.ndarray, dimensions: int, count: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Weights and variances of a mixture of round bells around 0, from squared lengths."""
    variances = np.quantile(squares, (np.arange(count) + 0.5) / count) / dimensions
    weights = np.full(count, 1 / count)
    for _ in range(300):
        log_p = np.log(weights) - 0.5 * dimensions * np.log(variances)
        log_p = log_p - 0.5 * squares[:, None] / variances
        share = np.exp(log_p - logsumexp(log_p, axis=1, keepdims=True))
        weights = share.mean(axis=0) + 1e-12
        variances = (share * squares[:, None]).sum(axis=0) / (share.sum(axis=0) + 1e-12)
        variances /= dimensions
        variances = np.maximum(variances, 1e-6)
    return weights / weights.sum(), variances


def scale_score(rows: np.ndarray, new: np.ndarray) -> float:
    """Mean log-density of new whitened rows, where only the scale is mixed."""
    dimensions = rows.shape[1]
    weights, variances = scales((rows**2).sum(axis=1), dimensions)
    squares = (new**2).sum(axis=1)[:, None]
    log_p = np.log(weights) - 0.5 * dimensions * np.log(2 * np.pi * variances)
    return float(logsumexp(log_p - 0.5 * squares / variances, axis=1).mean())


def bells_score(
    rows: np.ndarray, new: np.ndarray, count: int, rng: np.random.Generator, steps: int = 40
) -> float:
    """Mean log-density of new rows under bells with free centres and one width for each column."""
    centres = rows[rng.choice(len(rows), count, replace=False)]
    width, weights = rows.std(axis=0), np.full(count, 1 / count)

    def log_joint(x: np.ndarray) -> np.ndarray:
        z, c = x / width, centres / width
        far = (z**2).sum(axis=1)[:, None] - 2 * z @ c.T + (c**2).sum(axis=1)
        constant = np.log(width).sum() + 0.5 * x.shape[1] * np.log(2 * np.pi)
        result: np.ndarray = np.log(weights) - 0.5 * far - constant
        return result

    for _ in range(steps):
        log_p = log_joint(rows)
        share = np.exp(log_p - logsumexp(log_p, axis=1, keepdims=True))
        total = share.sum(axis=0) + 1e-9
        weights = total / total.sum()
        centres = share.T @ rows / total[:, None]
        spread = (rows**2).mean(axis=0) - (total[:, None] * centres**2).sum(axis=0) / len(rows)
        width = np.sqrt(np.maximum(spread, 1e-6))
    return float(logsumexp(log_joint(new), axis=1).mean())


def learn(
    rows: np.ndarray, hidden: int, seed: int, recipe: Recipe, rate: float, epochs: int, free: bool
) -> rb.RBM:
    """A machine of Gaussian and Bernoulli units on these rows, its precision learned or not."""
    visible = rb.Gaussian(learn=free)
    rbm = rb.RBM.random(
        rows.shape[1], hidden, rng=seed, scale=0.05, visible=visible, data=rows.astype(np.float32)
    )
    rbm.b[:] = recipe.hidden_bias
    updates = epochs * -(-len(rows) // 100)
    falling = rb.optimize.linear_decay(rate, rate / 20, updates)
    options: dict[str, Any] = {"optimizer": rb.SGD(falling, momentum=recipe.momentum)}
    options |= {"epochs": epochs, "centered": False, "rng": seed, "progress": False}
    rb.fit(rbm, rows.astype(np.float32), rb.CD(1), **options)
    return rbm


def score(rbm: rb.RBM, new: np.ndarray, seed: int, recipe: Recipe) -> tuple[float, float]:
    """Mean log-likelihood of new rows, and the effective number of annealed chains."""
    estimate = rb.evaluate.ais(rbm, chains=recipe.chains, betas=recipe.betas, rng=seed)
    value = -rbm.free_energy(new.astype(np.float32)).mean() - estimate.log_z
    return float(value), float(estimate.effective_sample_size)


def levelled(white: np.ndarray) -> np.ndarray:
    """Whitened rows, each at the length that a normal distribution would have given it."""
    lengths = np.linalg.norm(white, axis=1)
    place = (lengths.argsort().argsort() + 0.5) / len(white)
    return white * (np.sqrt(chi2.ppf(place, white.shape[1])) / lengths)[:, None]


def compare_levelled(
    white: np.ndarray, new: np.ndarray, seed: int, recipe: Recipe
) -> dict[str, float]:
    """What scales and machines add to a normal distribution where all lengths are normal."""
    white, new = levelled(white), levelled(new)
    variances, directions = np.linalg.eigh(np.cov(white.T))
    white, new = ((x @ directions) / np.sqrt(variances) for x in (white, new))
    alone = -0.5 * (new**2).sum(axis=1).mean() - 0.5 * FREE * np.log(2 * np.pi)
    result = {"scales": scale_score(white, new) - float(alone)}
    for k in recipe.hidden[1:]:
        rbm = learn(white, k, seed, recipe, recipe.rate, recipe.epochs, free=False)
        result[f"white {k}"] = score(rbm, new, seed, recipe)[0] - float(alone)
    return result


def coordinates(rows: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, ...]:
    """Standardised pixels, old and new, the same whitened, and the logarithm of the stretch."""
    mean, sd = rows.mean(axis=0), (rows - rows.mean(axis=0)).std(axis=0)
    pixels, new_pixels = ((x - mean)[:, :FREE] / sd[:FREE] for x in (rows, new))
    variances, directions = np.linalg.eigh(np.cov(pixels.T))
    whitening = directions / np.sqrt(variances)
    stretch = -0.5 * np.log(variances).sum()
    return pixels, new_pixels, pixels @ whitening, new_pixels @ whitening, stretch


def compare(rows: np.ndarray, new: np.ndarray, seed: int, recipe: Recipe) -> dict[str, Any]:
    """All models on one set of patches: mean log-likelihoods of the held-out ones."""
    rng = np.random.default_rng(seed)
    pixels, new_pixels, white, new_white, stretch = coordinates(rows, new)
    result: dict[str, Any] = {}
    normal = multivariate_normal(np.zeros(FREE), np.cov(pixels.T))
    result["normal"] = float(normal.logpdf(new_pixels).mean())
    constant = 0.5 * FREE * np.log(2 * np.pi)
    result["independent"] = float(-0.5 * (new_pixels**2).sum(axis=1).mean() - constant)
    result["scales"] = scale_score(white, new_white) + stretch
    for k in recipe.hidden[:2]:
        analysis = FactorAnalysis(k, max_iter=100, random_state=seed).fit(pixels)
        result[f"factors {k}"] = float(analysis.score(new_pixels))
    for k in (25, 100, 400):
        result[f"bells {k}"] = bells_score(pixels, new_pixels, k, rng)
    for k in recipe.hidden:
        epochs = recipe.epochs
        rbm = learn(pixels, k, seed, recipe, recipe.pixel_rate, epochs, free=True)
        result[f"pixels {k}"] = score(rbm, new_pixels, seed, recipe)
        rbm = learn(white, k, seed, recipe, recipe.rate, epochs, free=False)
        value, size = score(rbm, new_white, seed, recipe)
        result[f"white {k}"] = (value + stretch, size)
        rbm = learn(white, k, seed, recipe, recipe.precision_rate, epochs, free=True)
        value, size = score(rbm, new_white, seed, recipe)
        result[f"white, precision learned {k}"] = (value + stretch, size)
    result["levelled"] = compare_levelled(white, new_white, seed, recipe)
    print(json.dumps(result), flush=True)
    return result


def edges(patches: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Filters of a machine on whitened patches, as pictures, the longest first."""
    variances, directions = axes(patches, recipe.edge_share)
    white = (patches - patches.mean(axis=0)) @ (directions / np.sqrt(variances))
    print(f"{white.shape[1]} of {FREE} directions", flush=True)
    rbm = learn(white, 100, 0, recipe, recipe.rate, recipe.edge_epochs, free=False)
    order = np.linalg.norm(rbm.W, axis=0).argsort()[::-1]
    pictures: np.ndarray = directions @ rbm.W[:, order]
    return pictures


def without_whitening(patches: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Filters of such a machine on standardised pixels, the longest first."""
    rows = (patches - patches.mean(axis=0)) / patches.std(axis=0)
    rbm = learn(rows, 100, 0, recipe, recipe.rate, recipe.edge_epochs, free=False)
    filters: np.ndarray = rbm.W[:, np.linalg.norm(rbm.W, axis=0).argsort()[::-1]]
    return filters


def whole(filters: np.ndarray) -> np.ndarray:
    """Each filter divided by its largest weight, in 127 steps to either side."""
    return np.rint(127 * filters / np.abs(filters).max(axis=0)).astype(np.int8)


def sets(pictures: list[np.ndarray], seed: int, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Patches for training and held-out ones of one seed."""
    rng = np.random.default_rng(seed)
    rows = evened(cut(pictures, recipe.training, False, rng), recipe.floor)
    return rows, evened(cut(pictures, recipe.held_out, True, rng), recipe.floor)


def only_levelled(file: Path) -> None:
    """Compare on the levelled patches again, and leave the rest of the file alone."""
    recipe, pictures, content = Recipe(), photographs(), json.loads(file.read_text())
    for seed, result in zip(recipe.seeds, content["results"], strict=True):
        _, _, white, new_white, _ = coordinates(*sets(pictures, seed, recipe))
        result["levelled"] = compare_levelled(white, new_white, seed, recipe)
    recipes.write(file.parent, file.stem, content)


def main() -> None:
    """Cut, train, compare, write."""
    folder = Path(__file__).parent / "results"
    if sys.argv[1:] == ["levelled"]:
        only_levelled(folder / "patches.json")
        return
    recipe, began = Recipe(), time.time()
    pictures = photographs()
    results = []
    many = evened(cut(pictures, recipe.edge_patches, False, np.random.default_rng(0)), recipe.floor)
    filters, pixel_filters = whole(edges(many, recipe)), whole(without_whitening(many, recipe))
    np.savez_compressed(folder / "patches.npz", filters=filters, pixel_filters=pixel_filters)
    for seed in recipe.seeds:
        results.append(compare(*sets(pictures, seed, recipe), seed, recipe))
    minutes = round((time.time() - began) / 60, 1)
    content = {"recipe": asdict(recipe), "machine": computer.describe(), "minutes": minutes}
    recipes.write(folder, "patches", content | {"results": results})


if __name__ == "__main__":
    main()
