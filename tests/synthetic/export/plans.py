"""A plan that costs nothing: bytes made from numbers, so that only the exporter is tested."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from visavis.errors import StorageError
from visavis.synthetic.export import Output


@dataclass(frozen=True)
class Numbers:
    """`count` items of `per_item` files each, in folders of their own unless `flat`.

    Item `breaks` fails as `how` says, or never ends, while the file `trigger` is there.
    """

    count: int = 7
    per_item: int = 3
    seed: int = 0
    breaks: int = -1
    how: str = "full"
    trigger: str = ""
    flat: bool = False

    kind = "numbers"

    @property
    def examples(self):
        return {"note": "text", "empty": [0.5]}

    def parameters(self):
        return {name: value for name, value in asdict(self).items() if name not in ("breaks", "how", "trigger", "flat")}

    def files(self, item):
        return [f"item-{item:04d}{'-' if self.flat else '/'}{part}.bin" for part in range(self.per_item)]

    def open(self):
        def render(item) -> Iterator[Output]:
            for part, name in enumerate(self.files(item)):
                if part == 1 and item == self.breaks and Path(self.trigger).exists():
                    self._break()
                data = hashlib.sha256(f"{self.seed} {item} {part}".encode()).digest() * 50
                row = {"file": name, "item": item, "share": item / 3, "note": None, "empty": [], "even": item % 2 == 0}
                yield Output({name: data}, ({**row, "points": [[0.5, part + 0.25], [1.0, 2.0]], "about": {"a": 1}},))

        return render

    def _break(self):
        if self.how == "full":
            raise StorageError("disk: cannot be written (No space left on device); free some space")
        if self.how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        while self.how == "endless" and Path(self.trigger).exists():
            time.sleep(0.05)
        raise ZeroDivisionError("a defect")
