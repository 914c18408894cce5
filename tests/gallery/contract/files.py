"""Looking for bytes in a gallery's files, in another process: opening and closing them here would give up its locks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_LOOK = """
import json, sys
from pathlib import Path
for line in sys.stdin:
    folder, needles = json.loads(line)
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        try:
            content = path.read_bytes() if path.is_file() else b""
        except OSError:
            continue
        for needle in needles:
            if bytes.fromhex(needle) in content:
                found.setdefault(needle, []).append(path.name)
    print(json.dumps(found), flush=True)
"""


class Looker:
    """A process that reads all files of a folder as often as it is asked to."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LOOK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def find(self, folder: Path, needles: Iterable[bytes]) -> dict[bytes, list[str]]:
        """Which of these bytes are in which files."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([str(folder), [needle.hex() for needle in needles]]), file=self._process.stdin, flush=True)
        return {bytes.fromhex(needle): files for needle, files in json.loads(self._process.stdout.readline()).items()}

    def close(self) -> None:
        self._process.communicate()
