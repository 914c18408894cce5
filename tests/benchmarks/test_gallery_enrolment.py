"""The pure parts of the benchmarks of enrolment: shares of time, planted errors and how they are counted."""

from pathlib import Path

import pytest

from enrolment_guard import _pairs, caught, told
from gallery_enrolment import how, median_share, share
from visavis.gallery.enrolment import EnrolmentReport, Finding, Kind, Outcome, Status

SPENT = {
    "pure": [{"cpu": 9.0}, {"cpu": 1.0}, {"cpu": 2.0}, {"cpu": 3.0}],
    "enrolled": [{"cpu": 1.0}, {"cpu": 2.0}, {"cpu": 2.5}, {"cpu": 3.5}],
}


def test_the_share_leaves_the_first_block_out_and_its_median_takes_blocks_alike():
    assert share(SPENT, "cpu") == pytest.approx(6 / 8)
    assert median_share(SPENT, "cpu") == pytest.approx(2 / 2.5)
    assert share({way: rows[:1] for way, rows in SPENT.items()}, "cpu") == 9


def outcome(source, status, *kinds):
    severity = "refuse" if status is Status.REFUSED else "flag"
    return Outcome(source, "Ada", status, findings=tuple(Finding(kind, severity, "why") for kind in kinds))


REPORT = EnrolmentReport(
    "m@1",
    "refuse",
    True,
    (
        outcome("a", Status.ENROLLED),
        outcome("b", Status.ENROLLED, Kind.NEAR_DUPLICATE),
        outcome("c", Status.REFUSED, Kind.SEVERAL_FACES),
        outcome("d", Status.REFUSED, Kind.OUTLIER, Kind.SEVERAL_FACES),
    ),
)


def test_planted_photos_are_counted_apart_from_the_others():
    row = caught(REPORT, ["b", "d"])
    assert (row["planted"], row["refused"], row["flagged"], row["share_caught"]) == (2, 1, 1, 0.5)
    assert (row["others"], row["others_refused"]) == (2, 1)
    assert row["kinds"] == {"outlier": 1, "several faces": 1}


def test_shares_are_of_all_photos_and_several_faces_can_be_left_out():
    row = told(REPORT)
    assert (row["refused"], row["refused_but_for_several_faces"]) == (0.5, 0.25)
    assert (row["flagged"], row["flagged_but_for_several_faces"]) == (0.25, 0.25)


def test_everybody_is_listed_once_and_who_exchanges_does_so_with_one_other():
    pairs = _pairs({f"person {i}": [Path(f"{i}.jpg")] for i in range(9)})
    assert len({person for person, *_ in pairs}) == 9
    exchanging = {person: other for person, other, keep in pairs if keep}
    assert len(exchanging) == 4
    assert all(exchanging[other] == person != other for person, other in exchanging.items())


def test_an_end_is_named_with_its_first_finding():
    assert [how(one) for one in REPORT.outcomes] == [
        "enrolled",
        "enrolled: near duplicate",
        "refused: several faces",
        "refused: outlier",
    ]
