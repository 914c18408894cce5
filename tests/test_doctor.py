"""The examination of an installation, without weights: what it finds, and what it calls a problem."""

from __future__ import annotations

import sys

import pytest
from tests.models import tiny

from visavis.doctor import examine
from visavis.models import Cache, default_cards, find_card
from visavis.models.register import add


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An installation without a model, where fetching is allowed."""
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("VISAVIS_OFFLINE", raising=False)
    return tmp_path


def test_a_fresh_installation_has_no_problems_and_nothing_is_changed(home):
    findings = examine()
    assert findings["problems"] == []
    assert findings["models"]["centerface"].startswith("not fetched, default; MIT; commercial use: ")
    assert findings["folders"]["fetching"] == "allowed, with a notice"
    assert list(home.iterdir()) == []


def test_every_default_model_is_shown_with_its_licence(home):
    rows = examine()["models"]
    for card in default_cards():
        assert ", default" in rows[card.id]
        assert f"{card.licence.name}; commercial use: {card.licence.commercial_use}" in rows[card.id]


def test_the_processor_is_tried_and_a_device_that_is_not_here_is_explained(home):
    devices = examine()["devices"]
    assert devices["cpu"].startswith("works (")
    assert devices["cuda"] == "works" or devices["cuda"].startswith("not usable: device 'cuda' was asked for")


def test_a_missing_model_is_a_problem_only_where_it_cannot_be_fetched(home, monkeypatch):
    monkeypatch.setenv("VISAVIS_OFFLINE", "1")
    problems = examine()["problems"]
    assert {problem.partition(":")[0] for problem in problems} == {card.id for card in default_cards()}
    assert all("VISAVIS_OFFLINE forbids fetching it" in problem for problem in problems)


def test_a_damaged_model_is_a_problem_with_its_cure(home):
    path = Cache(home / "cache").path(find_card("centerface"))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    findings = examine()
    assert findings["models"]["centerface"].startswith("damaged")
    (problem,) = findings["problems"]
    assert str(path) in problem
    assert "visavis models pull centerface --force" in problem


def test_a_model_of_ones_own_is_ready_until_its_file_goes(home):
    file = home / "mine.onnx"
    file.write_bytes(tiny.embedder())
    add(file, commercial_use="yes")
    assert examine()["models"]["mine"].startswith("ready; ")
    assert examine()["models"]["mine"].endswith("; not calibrated")
    file.unlink()
    (problem,) = examine()["problems"]
    assert problem.startswith(f"mine: {file} is gone")


def test_a_card_that_cannot_be_read_is_a_problem_not_a_crash(home):
    cards = home / "data" / "cards"
    cards.mkdir(parents=True)
    (cards / "bad.toml").write_text("id = ")
    findings = examine()
    assert "centerface" in findings["models"]
    (problem,) = findings["problems"]
    assert "bad.toml" in problem


def test_a_broken_onnxruntime_is_a_problem_not_a_crash(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    findings = examine()
    assert findings["devices"]["cpu"].startswith("not usable")
    assert any("pip install -U onnxruntime" in problem for problem in findings["problems"])


def test_missing_extras_and_codecs_come_with_the_command_that_installs_them(home, monkeypatch):
    monkeypatch.setattr("visavis.doctor._found", lambda module: module != "pyarrow")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    findings = examine()
    assert findings["extras"]["parquet"] == 'pip install "visavis[parquet]"'
    assert findings["extras"]["plots"] == "installed"
    assert findings["photo formats"]["HEIF"] == "pip install -U pillow-heif"
    assert findings["photo formats"]["JPEG"] == "readable"


def test_a_cache_that_cannot_be_written_is_told(home, monkeypatch):
    monkeypatch.setattr("visavis.doctor.os.access", lambda *_: False)
    assert "read-only: models stay in memory" in examine()["folders"]["cache"]
