"""Adversarial networks on a ring of eight clouds: what a penalty on the critic's slope changes.

    python benchmarks/ring_games.py

The games of chapter 15, each from three starts: the non-saturating and the minimax loss without a
penalty, the non-saturating one with a penalty on the critic's slope at the data, and the
Wasserstein loss with one. An epoch with a penalty takes longer, so those games get fewer of them.
Counts the clouds on which at least 50 of 2,000 samples fall, and writes that, the critic's slope at
the data, how often the favourite cloud changes and how often the losses rise to
`results/ring_games.json`, and a thousand samples of each game to `results/ring_games.npz`.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import machine as computer
import numpy as np
import recipes

import rbmbook as rb

LATE = 100  # epochs after which losses and favourites are watched


@dataclass(frozen=True)
class Recipe:
    """What all games share, and how many epochs each kind gets."""

    points: int = 1024
    std: float = 0.1
    noise: int = 16
    hidden: int = 64
    batch_size: int = 128
    rate: float = 0.002
    beta1: float = 0.5
    epochs: int = 310  # without a penalty
    penalty_epochs: int = 240
    wasserstein_epochs: int = 260
    seeds: int = 3


def kinds(recipe: Recipe) -> dict[str, tuple[int, dict[str, Any]]]:
    """For each kind of game its epochs, and its loss and penalty."""
    at_data = {"gradient_penalty": 0.1, "penalty_at": "data"}
    return {
        "no penalty": (recipe.epochs, {}),
        "minimax, no penalty": (recipe.epochs, {"loss": "minimax"}),
        "penalty at the data": (recipe.penalty_epochs, at_data),
        "Wasserstein": (
            recipe.wasserstein_epochs,
            {"loss": "wasserstein", "gradient_penalty": 0.3},
        ),
    }


def slope_at_data(critic: rb.Network, X: np.ndarray, step: float = 1e-3) -> float:
    """Median length of the critic's slope over the data, by finite differences."""
    sides = [critic(X + e) - critic(X - e) for e in step * np.eye(2)]
    return float(np.median(np.linalg.norm(np.hstack(sides), axis=1)) / (2 * step))


def play(X: np.ndarray, seed: int, epochs: int, recipe: Recipe, **options: Any) -> dict[str, Any]:
    """One game: what is counted, and samples."""
    sizes = (recipe.hidden, recipe.hidden)
    gan = rb.GAN.random(
        recipe.noise, 2, sizes, activation="relu", dtype=np.float32, rng=seed, **options
    )
    centres, favourites = rb.data.ring_centres(), []

    def note(gan: rb.GAN, _: Any) -> None:
        away = np.linalg.norm(gan.sample(500, rng=1)[:, None] - centres, axis=2)
        favourites.append(int(np.bincount(away.argmin(axis=1), minlength=len(centres)).argmax()))

    begin = time.process_time()
    history = gan.fit(
        X,
        epochs=epochs,
        batch_size=recipe.batch_size,
        optimizer=rb.Adam(recipe.rate, beta1=recipe.beta1),
        critic_steps=1,
        weight_decay=0.0,
        callbacks=[note],
        rng=seed,
        standardize=False,
        progress=False,
    )
    seconds, samples = time.process_time() - begin, gan.sample(2000, rng=1)
    found = rb.two_sample.coverage(samples, centres, radius=0.3, least=50)
    rises = {
        f"{who} loss rises": float(np.mean(np.diff(history[f"{who}_loss"][LATE:]) > 0))
        for who in ("generator", "critic")
    }
    return {
        "clouds": int(found.modes),
        "on a cloud": float(found.near),
        "slope at the data": slope_at_data(gan.critic, X),
        "favourite changes": float(np.mean(np.diff(favourites[LATE:]) != 0)),
        **rises,
        "seconds": round(seconds, 2),
        "samples": samples[:1000].astype(np.float16),
    }


def run(recipe: Recipe, results: Path) -> None:
    """Play all games, print, write."""
    X, found, samples = rb.data.ring(recipe.points, std=recipe.std).X, {}, {}
    for name, (epochs, options) in kinds(recipe).items():
        games = [play(X, seed, epochs, recipe, **options) for seed in range(recipe.seeds)]
        samples[name.replace(" ", "_")] = np.array([game.pop("samples") for game in games])
        found[name] = {"epochs": epochs} | {
            what: [round(game[what], 4) for game in games] for what in games[0]
        }
        print(name, json.dumps(found[name]), flush=True)
    result = {"recipe": asdict(recipe), "games": found, "machine": computer.describe()}
    recipes.write(results, "ring_games", result)
    np.savez_compressed(results / "ring_games.npz", **samples)


def main() -> None:
    """The command line; what is not given is the recipe's."""
    options = recipes.parser(__doc__, Recipe, data=False).parse_args()
    run(recipes.changed(Recipe(), options), options.results)


if __name__ == "__main__":
    main()
