"""How the program behaves among others: streams, odd names, interruptions, and errors that programs read."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys

import pytest
from PIL import Image

PROGRAM = [sys.executable, "-c", "from visavis.cli import main; main()"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("match", "only-one.jpg"), "reference"),
        (("match", "a", "b", "--no-such-option"), "--no-such-option"),
        (("detect", "a.jpg", "--long-side", "wide"), "--long-side"),
        (("sing",), "'sing'"),
    ],
)
def test_programs_get_wrong_usage_as_json_too(visavis, arguments, words):
    ran = visavis(*arguments, "--json")
    assert ran.code == 2
    assert ran.json["error"]["type"] == "UsageError"
    assert words in ran.json["error"]["message"].lower()
    assert ran.err == ""


def test_alone_the_program_and_its_groups_show_their_help(visavis):
    for arguments in ((), ("models",), ("bench",)):
        assert "Usage:" in visavis(*arguments).out


@pytest.mark.weights
@pytest.mark.parametrize(("probe", "code"), [("cropped.jpg", 0), ("hopper.png", 1), ("missing.jpg", 2)])
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_reader_that_has_left_changes_neither_answer_nor_silence(photos, probe, code, options):
    reader, writer = os.pipe()
    os.close(reader)
    command = [*PROGRAM, "match", probe, "collins.png", *options]
    ran = subprocess.run(command, cwd=photos, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=120)
    os.close(writer)
    assert ran.returncode == code
    assert b"Traceback" not in ran.stderr
    assert b"Broken" not in ran.stderr


@pytest.mark.weights
@pytest.mark.skipif(sys.platform == "win32", reason="names of such bytes exist on POSIX alone")
def test_names_that_no_terminal_can_show_are_safe_everywhere(people, tmp_path):
    odd = ["José 張偉 [bold]x[/] :cat:.png".replace("/", "|"), "new\nline.png", os.fsdecode(b"\xff\xe9.png")]
    for name in odd:
        (tmp_path / name).write_bytes((people / "person.png").read_bytes())
    (tmp_path / os.fsdecode(b"broken\xff.png")).write_bytes(b"\x89PNG\r\n\x1a\n")
    for encoding in ("utf-8", "ascii"):
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        for options in ((), ("--json",)):
            for command in (("quality", "."), ("detect", ".", "--out", "drawn")):
                ran = subprocess.run(
                    [*PROGRAM, *command, *options],
                    cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=120,
                )  # fmt: skip
                assert ran.returncode == 0, ran.stderr.decode(errors="replace")
                assert b"Traceback" not in ran.stderr
                if options:
                    assert len(json.loads(ran.stdout)["photos"]) >= len(odd)
    assert len(list((tmp_path / "drawn").glob("*.png"))) >= len(odd)


@pytest.mark.weights
def test_names_are_not_taken_for_markup_and_lines_are_left_to_the_terminal(visavis, people, tmp_path):
    name = "[red] :cat: " + "long " * 40 + ".png"
    (tmp_path / name).write_bytes((people / "person.png").read_bytes())
    assert f"{name}: 1 face" in visavis("detect", tmp_path / name).out


@pytest.mark.weights
def test_pictures_of_photos_with_one_name_get_names_of_their_own(visavis, people, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.png").write_bytes((people / "person.png").read_bytes())
    rows = visavis("detect", tmp_path, "--out", tmp_path / "drawn", "--json").json["photos"]
    assert len({row["picture"] for row in rows}) == len(list((tmp_path / "drawn").iterdir())) == 2


@pytest.mark.weights
def test_one_photo_is_drawn_into_the_picture_that_is_named(visavis, people, tmp_path):
    out = tmp_path / "one.png"
    assert visavis("detect", people / "group.png", "--out", out, "--json").json["photos"][0]["picture"] == str(out)
    with Image.open(out) as picture:
        assert picture.width >= 480
        assert picture.height > 320
    several = visavis("detect", people / "group.png", people / "person.png", "--out", out)
    assert several.code == 2
    assert "name a folder" in several.err


def test_a_model_that_cannot_be_had_is_told_once_not_for_every_photo(visavis, people, tmp_path, monkeypatch):
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("VISAVIS_OFFLINE", "1")
    monkeypatch.setattr("visavis.models.sources.local_bytes", lambda card: None)
    ran = visavis("embed", people, "--out", tmp_path / "templates.npz")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.count("VISAVIS_OFFLINE is set") == 1
    assert not (tmp_path / "templates.npz").exists()


@pytest.mark.weights
def test_a_full_disk_leaves_no_templates(visavis, people, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    ran = visavis("embed", people / "person.png", "--out", tmp_path / "templates.npz", "--json")
    assert ran.code == 2
    assert ran.json["error"]["type"] == "StorageError"
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_cannot_be_kept_is_an_error_of_pull(visavis, tmp_path, monkeypatch):
    monkeypatch.setattr("visavis.models.cache.Cache.write", lambda *_: False)
    monkeypatch.setattr("visavis.models.sources.local_bytes", lambda card: b"weights")
    monkeypatch.setattr("visavis.models.store.convert", lambda card, data: data)
    monkeypatch.setattr("visavis.models.store.verify", lambda card, data: None)
    ran = visavis("models", "pull", "centerface", "--to", tmp_path / "bundle", "--json")
    assert ran.code == 2
    assert ran.json["error"]["type"] == "StorageError"
    assert "could not be kept" in ran.json["error"]["message"]


def test_notices_of_the_library_reach_stderr_once_per_run_and_never_stdout(visavis, monkeypatch, tmp_path):
    import logging

    def noticed():
        logging.getLogger("visavis.models").warning("fetching 17 MB")
        return ()

    monkeypatch.setattr("visavis.cli.methods.all_methods", noticed)
    for _ in range(2):
        ran = visavis("methods", "--json")
        assert ran.json == []
        assert ran.err == "visavis: fetching 17 MB\n"


@pytest.mark.weights
@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are sent another way there")
def test_an_interruption_exits_with_130_and_leaves_no_file(people, tmp_path):
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # background jobs ignore it
    program = [sys.executable, "-c", heed + PROGRAM[2]]
    command = [*program, "embed", *["."] * 400, "--out", str(tmp_path / "templates.npz")]
    process = subprocess.Popen(command, cwd=people, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr
    for line in process.stderr:  # the first broken photo is reported: the work is under way
        if b"broken.jpg" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, b"Traceback" in err) == (b"", False)
    assert list(tmp_path.iterdir()) == []


def test_engine_options_have_the_library_s_own_defaults():
    import inspect

    from visavis.cli.options import _ENGINE
    from visavis.face import Engine

    parameters = inspect.signature(Engine.__init__).parameters
    assert all(parameters[name].default == default for name, (_, default, _) in _ENGINE.items())
