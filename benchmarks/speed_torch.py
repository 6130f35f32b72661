"""PyTorch by hand, and learnergy, which stands on PyTorch; import it where `torch` is installed."""

import numpy as np
import torch
from speed_peers import RATE

import rbmbook as rb


class ByHand:
    """CD-1 and PCD-1 in PyTorch, on the processor, with its default threads, without autograd."""

    def __init__(self, rbm: rb.RBM, X: np.ndarray, batch: int) -> None:
        self.W, self.a, self.b = (torch.tensor(p) for p in (rbm.W, rbm.a, rbm.b))
        self.X, self.batch = torch.tensor(X), batch
        self.h = sample(torch.full((batch, rbm.n_hidden), 0.5))

    def visible(self, h: torch.Tensor) -> torch.Tensor:
        """v ~ p(v | h)."""
        return sample(torch.sigmoid(torch.addmm(self.a, h, self.W.T)))

    def hidden_mean(self, v: torch.Tensor) -> torch.Tensor:
        """E[h | v]."""
        return torch.sigmoid(torch.addmm(self.b, v, self.W))

    def ascend(
        self, v0: torch.Tensor, p0: torch.Tensor, v1: torch.Tensor, p1: torch.Tensor
    ) -> None:
        """One step of the parameters along (data term − model term), in place."""
        self.W.addmm_(v0.T, p0, alpha=RATE / len(v0))
        self.W.addmm_(v1.T, p1, alpha=-RATE / len(v1))
        self.a.add_(v0.mean(0) - v1.mean(0), alpha=RATE)
        self.b.add_(p0.mean(0) - p1.mean(0), alpha=RATE)

    def cd_epoch(self) -> None:
        """One epoch of CD-1."""
        for rows in torch.randperm(len(self.X)).split(self.batch):
            v0 = self.X[rows]
            p0 = self.hidden_mean(v0)
            v1 = self.visible(sample(p0))
            self.ascend(v0, p0, v1, self.hidden_mean(v1))

    def pcd_epoch(self) -> None:
        """One epoch of PCD-1; the chains are kept as hidden states."""
        for rows in torch.randperm(len(self.X)).split(self.batch):
            v0, v1 = self.X[rows], self.visible(self.h)
            p1 = self.hidden_mean(v1)
            self.ascend(v0, self.hidden_mean(v0), v1, p1)
            self.h = sample(p1)

    def machine(self) -> rb.RBM:
        """What was trained."""
        return rb.RBM(*(p.numpy().copy() for p in (self.W, self.a, self.b)))


def sample(mean: torch.Tensor) -> torch.Tensor:
    """One Bernoulli draw for each mean; `torch.bernoulli` is slower."""
    return (torch.rand_like(mean) < mean).to(mean.dtype)


class Learnergy:
    """learnergy's own machine, trained by its own `fit`, which also computes two scores."""

    def __init__(self, rbm: rb.RBM, X: np.ndarray, batch: int) -> None:
        from learnergy.models.bernoulli import RBM

        self.model = RBM(rbm.n_visible, rbm.n_hidden, learning_rate=RATE)
        with torch.no_grad():
            for own, given in zip(self._parameters(), (rbm.W, rbm.a, rbm.b), strict=True):
                own.copy_(torch.tensor(given))
        rows = torch.tensor(X)
        self.data = torch.utils.data.TensorDataset(rows, torch.zeros(len(rows)))
        self.batch = batch

    def cd_epoch(self) -> None:
        """One epoch of CD-1."""
        self.model.fit(self.data, batch_size=self.batch, epochs=1)

    def machine(self) -> rb.RBM:
        """What was trained."""
        return rb.RBM(*(p.detach().numpy().copy() for p in self._parameters()))

    def _parameters(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.model.W, self.model.a, self.model.b
