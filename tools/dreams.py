"""Train a machine on 28 × 28 digits, as chapter 08 does, and draw book/_static/dreams.png.

Run it from a clone in which the package and its extra `book` are installed:
``python tools/dreams.py``. It takes about twenty seconds.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

import rbmbook as rb
from rbmbook.training.optimize import linear_decay

TARGET = Path(__file__).resolve().parents[1] / "book" / "_static" / "dreams.png"
ROWS, COLUMNS = 5, 9
INK = LinearSegmentedColormap.from_list("ink", ["#ffffff", "#10243e"])

train, held_out = rb.data.split(rb.data.mnist(), 4500, rng=0)
machine = rb.RBM.random(784, 256, rng=0, data=train.X)
options = {"batch_size": 50, "weight_decay": 1e-3, "progress": False}
rb.fit(machine, train.X, rb.CD(1), epochs=8, optimizer=rb.SGD(0.1, 0.5), rng=0, **options)
slower = rb.SGD(linear_decay(0.1, 0.005, updates=4 * 90), momentum=0.5)
rb.fit(machine, train.X, rb.CD(20), epochs=4, optimizer=slower, rng=1, **options)

# Every chain begins with a digit that the machine was not trained on, and walks away from it.
rng = np.random.default_rng(7)
start = held_out.X[: ROWS * COLUMNS]
v = rb.gibbs.run(machine, start, steps=200, rng=rng)
dreams = machine.visible_mean(machine.sample_hidden(v, rng))

figure, axes = plt.subplots(1, 2, figsize=(9, 2.9), dpi=100)
panels = (
    (train.X[: ROWS * COLUMNS], "it has looked at 4,500 of these"),
    (dreams, "and dreams these"),
)
for axis, (images, title) in zip(axes, panels, strict=True):
    tiles = images.reshape(ROWS, COLUMNS, 28, 28).swapaxes(1, 2)
    axis.imshow(tiles.reshape(ROWS * 28, COLUMNS * 28), cmap=INK, vmin=0, vmax=1)
    axis.set_title(title, fontsize=13, color="#10243e", pad=8)
    axis.set_axis_off()
figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.88, wspace=0.06)
figure.savefig(TARGET, metadata={"Software": None})
print(f"wrote {TARGET.name}, {TARGET.stat().st_size / 1000:.0f} kB")
