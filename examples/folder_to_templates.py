"""Describe every face in a folder of photos; keep the templates in one NumPy file.

Run it: python examples/folder_to_templates.py FOLDER OUT.npz
"""

import sys
from pathlib import Path

import numpy as np

import visavis as vv


def main(folder: str, out: str) -> None:
    engine = vv.Engine()
    kept = []
    for result in engine.stream(sorted(Path(folder).iterdir()), errors="return"):
        if isinstance(result, vv.VisavisError):
            print(f"left out: {result}")
        elif len(result):
            kept.append(result)
    if not kept:
        sys.exit(f"{folder}: no photo with a face in it")
    np.savez(
        out,
        templates=np.concatenate([faces.templates for faces in kept if faces.templates is not None]),
        boxes=np.concatenate([faces.boxes for faces in kept]),
        sources=[faces.source for faces in kept for _ in faces],
        model=engine.fingerprint,
    )
    print(f"{sum(map(len, kept))} faces of {len(kept)} photos are in {out}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
