"""Block-Gibbs chains that step side by side: the state and the memory behind every sampler here.

Noise is drawn in one order: for each step first (n, H) numbers for the hidden layer, then (n, D)
for the visible layer, in C order and in the machine's dtype.
"""

import numpy as np

from rbmbook.machine.rbm import RBM, Parameters


class Chains:
    """n block-Gibbs chains of one machine that step side by side.

    Attributes
    ----------
    v : (n, D) array
        The present visible states. It is this object's own memory: copy it to keep it.
    """

    def __init__(self, rbm: RBM, capacity: int) -> None:
        self.rbm = rbm
        self._v = np.empty((capacity, rbm.n_visible), rbm.dtype)
        # Kernels are vectorised only where output and input do not overlap: two arrays a layer.
        self._inputs_v = np.empty_like(self._v)
        self._inputs_h = np.empty((capacity, rbm.n_hidden), rbm.dtype)
        self._h = np.empty_like(self._inputs_h)
        shape_v = rbm.visible.noise_shape(self._v.shape)
        shape_h = rbm.hidden.noise_shape(self._h.shape)
        self._noise_v, self._noise_h = np.empty(shape_v, rbm.dtype), np.empty(shape_h, rbm.dtype)
        self._mean = np.empty_like(self._h)
        self.n = 0
        self._fresh = False  # whether _inputs_h belongs to the present v and parameters

    @classmethod
    def random(cls, rbm: RBM, n: int, rng: np.random.Generator) -> "Chains":
        """n chains, each visible unit drawn at input 0: fair coins for Bernoulli units."""
        chains = cls(rbm, n)
        rbm.visible.noise(chains._v.shape, rng, rbm.dtype, out=chains._noise_v)
        chains._v[:] = 0
        rbm.visible.sample(chains._v, chains._noise_v, out=chains._v)
        chains.n = n
        return chains

    @property
    def v(self) -> np.ndarray:
        return self._v[: self.n]

    def restart(self, v: np.ndarray) -> None:
        """Put the first len(v) chains at the rows of `v`."""
        self.n = len(v)
        self._v[: self.n] = v
        self._fresh = False

    def arrays(self) -> list[np.ndarray]:
        """What a checkpoint has to keep: the states."""
        return [self.v]

    def monitors(self) -> dict[str, float]:
        """What a fit that keeps these chains reports after an epoch: nothing."""
        return {}

    def refresh(self) -> None:
        """Forget what was computed from the parameters, since they have changed."""
        self._fresh = False

    def hidden_mean(self) -> np.ndarray:
        """E[h | v] at the present v, in this object's own memory."""
        return self.rbm.hidden.mean(self._inputs(), out=self._mean[: self.n])

    def visible_mean(self) -> np.ndarray:
        """E[v | h] at the h that the last step drew: as unbiased as its v, and with less noise."""
        return self.rbm.visible.mean(self._inputs_v[: self.n])

    def step(self, rng: np.random.Generator) -> None:
        """One sweep: h from p(h | v), then v from p(v | h)."""
        rbm, v = self.rbm, self.v
        inputs, noise_v, noise_h = self._inputs(), self._noise_v[: self.n], self._noise_h[: self.n]
        rbm.hidden.noise(inputs.shape, rng, rbm.dtype, out=noise_h)
        h = rbm.hidden.sample(inputs, noise_h, out=self._h[: self.n])
        inputs = self._inputs_v[: self.n]
        self._visible_inputs(h, inputs)
        rbm.visible.noise(v.shape, rng, rbm.dtype, out=noise_v)
        rbm.visible.sample(inputs, noise_v, out=v)
        self._fresh = False

    def statistics(self, weight: np.ndarray, out: Parameters) -> Parameters:
        """Weighted sums over the chains of v E[h | v]ᵀ, v, E[h | v] and the units' own statistics.

        `weight` has shape (n,) and usually sums to one; the sums are written to `out`.
        """
        own = zip((*out.visible, *out.hidden), self._own_statistics(), strict=True)
        for total, statistic in own:
            np.matmul(weight, statistic, out=total)
        mean = self.hidden_mean()
        mean *= weight[:, None]
        np.matmul(self.v.T, mean, out=out.W)
        np.matmul(weight, self.v, out=out.a)
        np.sum(mean, axis=0, out=out.b)
        return out

    def _own_statistics(self) -> tuple[np.ndarray, ...]:
        """For the parameters of the units themselves, such as log-precisions: (n, columns) each."""
        visible = self.rbm.visible.statistics(self.v)
        return (*visible, *self.rbm.hidden.expected_statistics(self._inputs()))

    def _visible_inputs(self, h: np.ndarray, out: np.ndarray) -> None:
        self.rbm.visible_inputs(h, out=out)

    def _inputs(self) -> np.ndarray:
        inputs = self._inputs_h[: self.n]
        if not self._fresh:
            self.rbm.hidden_inputs(self.v, out=inputs)
            self._fresh = True
        return inputs


class Contrast(Chains):
    """Chains that keep where they began, so that both terms of a gradient are one product.

    With the rows of the two phases below each other, Σ w v E[h | v]ᵀ over the first minus the same
    over the second is a single matrix product with signed weights.
    """

    def __init__(self, rbm: RBM, capacity: int) -> None:
        super().__init__(rbm, capacity)
        # Chains restart in the rows just above the middle; from their first step on they are below.
        self._both_v = np.empty((2 * capacity, rbm.n_visible), rbm.dtype)
        self._both_mean = np.empty((2 * capacity, rbm.n_hidden), rbm.dtype)
        self._v, self._mean = self._both_v[capacity:], self._both_mean[capacity:]
        self._own: list[np.ndarray] = []
        self._restarted = False

    @property
    def v(self) -> np.ndarray:
        return self._both_v[self._above()] if self._restarted else self._v[: self.n]

    def restart(self, v: np.ndarray) -> None:
        """Put the first len(v) chains at the rows of `v`, and keep these."""
        self.room(len(v))[:] = v

    def room(self, n: int) -> np.ndarray:
        """Where the states of n chains that restart are to be written, (n, D)."""
        self.n, self._restarted, self._fresh = n, True, False
        return self._both_v[self._above()]

    def mark(self, weight: np.ndarray) -> None:
        """Let the states of the restart, with weights (n,), be the first phase."""
        mean = self.rbm.hidden.mean(self._inputs(), out=self._both_mean[self._above()])
        mean *= weight[:, None]
        self._own = [weight @ statistic for statistic in self._own_statistics()]

    def step(self, rng: np.random.Generator) -> None:
        """One sweep, which leaves the rows of the restart as they are."""
        self._inputs()
        self._restarted = False
        super().step(rng)

    def difference(self, weight: np.ndarray, out: Parameters) -> Parameters:
        """What `statistics` was when marked minus what it is now, written to `out`."""
        mean = self.hidden_mean()
        mean *= -weight[:, None]
        middle = len(self._v)
        both = slice(middle - self.n, middle + self.n)
        v, mean = self._both_v[both], self._both_mean[both]
        np.matmul(v.T, mean, out=out.W)
        np.matmul(np.concatenate([weight, -weight]), v, out=out.a)
        np.matmul(np.ones(2 * self.n, weight.dtype), mean, out=out.b)
        own = (*out.visible, *out.hidden)
        for total, first, statistic in zip(own, self._own, self._own_statistics(), strict=True):
            np.subtract(first, weight @ statistic, out=total)
        return out

    def _above(self) -> slice:
        middle = len(self._v)
        return slice(middle - self.n, middle)
