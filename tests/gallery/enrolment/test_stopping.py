"""Enrolment that is killed, or runs twice at once: what was told is there, and nothing is there twice."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.gallery.enrolment.studio import Studio

from visavis.gallery import open_gallery
from visavis.gallery.enrolment import Enrolment, PhotoOf, Settings, enrol_photos

ROOT = Path(__file__).parents[3]
_PEOPLE, _PHOTOS = 150, 3

KILLED = """
import sys, time
from tests.gallery.enrolment import test_stopping
from visavis.gallery import open_gallery
from visavis.gallery.enrolment import Enrolment, Settings, run

studio, items = test_stopping.everybody()
run.looked = studio.looked
with open_gallery(sys.argv[1]) as gallery:
    for outcome in Enrolment(gallery, studio.engine, Settings()).outcomes(items):
        print(outcome.status, outcome.reference, flush=True)
"""


def everybody():
    """The same studio and photos in every process."""
    studio = Studio()
    names = [f"person {i}" for i in range(_PEOPLE)]
    return studio, [PhotoOf(studio.photo(name), name) for name in names for _ in range(_PHOTOS)]


@pytest.mark.parametrize("told_before", [1, 100, 333])
def test_a_killed_run_has_written_what_it_told_and_goes_on(gallery, monkeypatch, told_before):
    place = gallery.location.shown
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, place],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    told = [next(child.stdout).split() for _ in range(told_before)]
    child.kill()
    told += [line.split() for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    child.wait()
    studio, items = everybody()
    monkeypatch.setattr("visavis.gallery.enrolment.run.looked", studio.looked)
    with open_gallery(place) as again:
        there = {reference.id for reference in again.references()}
        assert {reference for status, reference in told if status == "enrolled"} <= there
        assert again.verify() == []
        report = enrol_photos(again, studio.engine, items)
        assert report.complete
        assert len(report.known) == len(there)
        assert again.count() == (_PEOPLE, _PEOPLE * _PHOTOS)
        assert again.verify() == []


def test_two_runs_at_once_enrol_everything_once(gallery, monkeypatch):
    studio, items = everybody()
    monkeypatch.setattr("visavis.gallery.enrolment.run.looked", studio.looked)

    def enrol(_):
        with open_gallery(gallery.location.shown) as store:
            return list(Enrolment(store, studio.engine, Settings()).outcomes(items))

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(enrol, range(2))
    assert gallery.count() == (_PEOPLE, _PEOPLE * _PHOTOS)
    for outcomes in (first, second):
        assert {str(outcome.status) for outcome in outcomes} <= {"enrolled", "known"}
    written = [sum(outcome.status == "enrolled" for outcome in outcomes) for outcomes in (first, second)]
    assert sum(written) == _PEOPLE * _PHOTOS
    assert gallery.verify() == []
