"""The house rules that a build can check: what imports what, and what a bare import costs."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "timm", "accelerate", "onnxruntime", "matplotlib", "skimage", "scipy", "pyarrow", "dlib", "av"}


def packages_loaded_by(statement: str) -> set[str]:
    """Top-level packages outside the standard library that `statement` adds to a fresh interpreter."""
    code = f"import json, sys; before = set(sys.modules); {statement}; print(json.dumps([*set(sys.modules) - before]))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    packages = {name.partition(".")[0] for name in json.loads(run.stdout)}
    return packages - sys.stdlib_module_names


def test_importing_visavis_loads_numpy_at_most():
    assert packages_loaded_by("import visavis") <= {"visavis", "numpy"}


def test_match_can_be_called_whichever_room_was_imported_first():
    code = "import visavis.matching.scores, visavis; raise SystemExit(not callable(visavis.match))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_starting_the_command_line_loads_no_heavy_library():
    assert not packages_loaded_by("import visavis.cli") & HEAVY


def test_imports_follow_the_contracts_in_pyproject():
    lint_imports = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    run = subprocess.run(
        [sys.executable, "-c", lint_imports, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
