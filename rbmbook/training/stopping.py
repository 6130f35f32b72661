"""Early stopping while it happens: the best value so far, and the parameters that had it."""

from collections.abc import Sequence

import numpy as np

from rbmbook.training.history import History
from rbmbook.training.plan import EarlyStopping


class Stopper:
    """Looks at a monitor after every epoch."""

    def __init__(self, rule: EarlyStopping, parameters: Sequence[np.ndarray]) -> None:
        self.rule = rule
        self.best, self.waited = np.array(np.inf), np.array(0)
        self.parameters = [p.copy() for p in parameters] if rule.restore else []

    def look(self, history: History, parameters: Sequence[np.ndarray]) -> bool:
        """Whether to stop after this epoch."""
        rule = self.rule
        value = float(history[rule.monitor][-1]) * (1 if rule.mode == "min" else -1)
        if value < self.best - rule.min_delta:
            self.best[...], self.waited[...] = value, 0
            for kept, parameter in zip(self.parameters, parameters, strict=False):
                kept[...] = parameter
        else:
            self.waited += 1
        return not self.patient

    @property
    def patient(self) -> bool:
        """Whether training may go on."""
        return bool(self.waited < self.rule.patience)

    def best_parameters(self, parameters: Sequence[np.ndarray]) -> bool:
        """Put the best epoch's numbers into `parameters`, if they are to be restored."""
        if not self.parameters or np.isinf(self.best):
            return False
        for parameter, kept in zip(parameters, self.parameters, strict=True):
            parameter[...] = kept
        return True

    def memory(self) -> dict[str, np.ndarray]:
        """What a checkpoint has to keep."""
        best = {f"best{i}": p for i, p in enumerate(self.parameters)}
        return {"value": self.best, "waited": self.waited} | best
