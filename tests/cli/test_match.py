from __future__ import annotations

import errno
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.weights


def test_the_exit_code_says_match_no_match_or_inconclusive(visavis, photos):
    assert visavis("match", photos / "cropped.jpg", photos / "collins.png").code == 0
    assert visavis("match", photos / "hopper.png", photos / "collins.png").code == 1
    undecided = visavis("match", photos / "hopper.png", photos / "collins.png", "--fnmr", 0.002, "--fmr", 1e-5)
    assert undecided.code == 3
    assert undecided.out.startswith("inconclusive: similarity 0.3")
    assert visavis("match", photos / "nobody.png", photos / "collins.png").code == 2


def test_the_answer_is_one_line_of_evidence(visavis, photos):
    ran = visavis("match", photos / "cropped.jpg", photos / "collins.png")
    assert ran.out.splitlines()[0].startswith("match: similarity 0.8")
    assert "LLR +" in ran.out.splitlines()[0]


def test_json_holds_the_evidence_both_faces_and_the_picture(visavis, photos, tmp_path):
    out = tmp_path / "comparison.png"
    ran = visavis("match", photos / "both.png", photos / "hopper.png", "--face", 1, "--out", out, "--json")
    answer = ran.json
    assert {"score", "decision", "log_likelihood_ratio", "probability", "fmr", "match_threshold"} <= set(answer)
    assert answer["probe"]["index"] == 1
    assert len(answer["reference"]["points"]) == 5
    assert answer["picture"] == str(out)
    with Image.open(out) as picture:
        assert picture.width == 1200


def test_several_faces_are_noted(visavis, photos):
    ran = visavis("match", photos / "both.png", photos / "hopper.png")
    assert "2 faces" in ran.out
    assert "--face N takes another" in ran.out


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (("missing.jpg", "collins.png"), "ImageNotFound", "missing.jpg"),
        (("broken.jpg", "collins.png"), "ImageUnreadable", "broken.jpg"),
        (("nobody.png", "collins.png"), "FaceNotFound", "no face was found in the probe"),
        (("collins.png", "collins.png", "--face", "7"), "FaceNotFound", "face 7 of the probe was asked for"),
        (("collins.png", "collins.png", "--fmr", "0"), "InvalidInput", "false-match rate 0.0"),
        (("collins.png", "collins.png", "--fmr", "1e-12"), "NotCalibrated", "1e-12"),
        (("collins.png", "collins.png", "--device", "cuda"), "DeviceUnavailable", "'cuda'"),
        (("collins.png", "collins.png", "--embedder", "nothing"), "ModelNotFound", "nothing"),
        (("collins.png", "collins.png", "--out", "nowhere/x.png"), "StorageError", "nowhere"),
        (("collins.png", "collins.png", "--out", "x.txt"), "InvalidInput", "x.txt"),
    ],
)
def test_errors_are_one_clear_line_or_one_json_document(visavis, photos, monkeypatch, arguments, kind, words):
    monkeypatch.chdir(photos)
    plain = visavis("match", *arguments)
    assert plain.code == 2
    assert words in plain.err
    assert "Traceback" not in plain.err
    assert plain.out == ""
    programmed = visavis("match", *arguments, "--json")
    assert programmed.code == 2
    assert programmed.json["error"]["type"] == kind
    assert words in programmed.json["error"]["message"]


def test_a_full_disk_leaves_no_picture(visavis, photos, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    ran = visavis("match", photos / "cropped.jpg", photos / "collins.png", "--out", tmp_path / "x.png")
    assert ran.code == 2
    assert "free some space" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage_exits_with_two(visavis):
    assert visavis("match", "only-one.jpg").code == 2
    assert visavis("match", "a", "b", "--no-such-option").code == 2
    assert visavis("sing").code == 2


def test_the_installed_program_runs(photos):
    command = [sys.executable, "-c", "from visavis.cli import main; main()", "match", "cropped.jpg", "collins.png"]
    done = subprocess.run(command, cwd=photos, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_photo_is_never_drawn_over(visavis, photos):
    before = (photos / "hopper.png").read_bytes()
    ran = visavis("match", photos / "collins.png", photos / "hopper.png", "--out", photos / "hopper.png")
    assert ran.code == 2
    assert "would be overwritten" in ran.err
    assert (photos / "hopper.png").read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("target", [">/dev/full", ">&-"])
def test_an_answer_that_cannot_be_written_is_no_wrong_answer(photos, target):
    program = shlex.join([sys.executable, "-c", "from visavis.cli import main; main()"])
    command = f"{program} match cropped.jpg collins.png {target}"
    done = subprocess.run(["bash", "-c", command], cwd=photos, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == (2 if "full" in target else 0)
    assert "Traceback" not in done.stderr
