"""How long a training took: seconds of wall clock and of the processor, an epoch's end to the next.

The two differ on a computer that has other work to do. Budgets are equal when the processor's
seconds are.
"""

import json
import time
from pathlib import Path
from typing import Any


class Clock:
    """A callback that adds up the seconds of the epochs, and goes on after an interruption.

    What happens between an epoch's end and `restart`, such as a look at held-out rows, is no part
    of the training and not counted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        known = json.loads(path.read_text()) if path.exists() else {}
        self.wall, self.processor = known.get("wall", 0.0), known.get("processor", 0.0)
        self.restart()

    def __call__(self, *model_and_history: Any) -> None:
        """At the end of an epoch."""
        self.wall += time.perf_counter() - self.begin[0]
        self.processor += time.process_time() - self.begin[1]
        self.path.write_text(json.dumps({"wall": self.wall, "processor": self.processor}))
        self.restart()

    def restart(self, *model_and_history: Any) -> None:
        """The next epoch begins."""
        self.begin = time.perf_counter(), time.process_time()
