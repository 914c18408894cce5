"""What a gallery keeps beside people: its version, thresholds, the state of long work; a clock it does not trust."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sqlalchemy import text
from tests.gallery.contract.galleries import found, ids_of, names, reference, references

from visavis.errors import InvalidInput, TemplateMismatch
from visavis.gallery.store import change
from visavis.gallery.store.checks import BARE
from visavis.gallery.templates.outside import OutsideTemplates


def test_the_version_rises_by_one_with_every_change(plain_gallery):
    gallery = plain_gallery
    changes = [
        lambda: gallery.enrol(references(Ada=3, Ben=1)),
        lambda: gallery.enrol([reference("x", "Cem")]),
        lambda: gallery.rename("Ada", "Eve"),
        lambda: gallery.merge("Eve", "Ben"),
        gallery.undo,
        lambda: gallery.split("Eve", ["ada-1"], "Fay"),
        lambda: gallery.set_apart("Eve", "Fay"),
        lambda: gallery.note("seen", []),
        lambda: gallery.store_threshold(0.01, {"threshold": 0.5}),
        lambda: gallery.forget("Cem"),
    ]
    for number, make in enumerate(changes, 1):
        make()
        assert gallery.version == number
    gallery.people(), gallery.verify(), list(gallery.audit()), gallery.tier()
    assert gallery.version == len(changes)


def test_thresholds_are_kept_by_rate_and_model(plain_gallery):
    gallery = plain_gallery
    value = {"threshold": 0.1 + 0.2, "interval": [0.005, 0.013], "model": "tiny@1", "people": 10}
    assert gallery.threshold(0.01) is None
    gallery.store_threshold(0.01, value)
    gallery.store_threshold(0.001, {"threshold": 0.7})
    assert gallery.threshold(0.01) == value == gallery.threshold(0.01, model="tiny@1")
    gallery.store_threshold(0.01, {"threshold": 0.4})
    assert (gallery.threshold(0.01), gallery.threshold(0.001)) == ({"threshold": 0.4}, {"threshold": 0.7})
    assert gallery.threshold(0.1) is None
    *_, last = gallery.audit()
    assert (last.action, last.details) == ("set threshold", {"fpir": 0.01, "threshold": 0.4})
    for wrong in ({"threshold": float("inf")}, {"threshold": float("nan")}, {"threshold": object()}):
        with pytest.raises(InvalidInput):
            gallery.store_threshold(0.01, wrong)
    for ask in (lambda: gallery.threshold(0.01, model="other@2"), lambda: gallery.store_threshold(0.01, {}, model="o")):
        with pytest.raises(TemplateMismatch):
            ask()
    assert gallery.threshold(0.01) == {"threshold": 0.4}


def test_the_state_of_long_work_is_kept_replaced_and_removed(plain_gallery):
    gallery = plain_gallery
    assert gallery.job("upgrade") is None
    for state in ({"at": 5, "to": "other@2"}, {}, {"at": 6, "left": [1, 2, {"deep": None}]}):
        gallery.store_job("upgrade", state)
        assert gallery.job("upgrade") == state
    gallery.store_job("rekey", {"at": 1})
    gallery.store_job("upgrade", None)
    assert (gallery.job("upgrade"), gallery.job("rekey")) == (None, {"at": 1})
    gallery.store_job("upgrade", None)
    wrong: list[tuple[str, dict]] = [("x" * 65, {}), ("\ud800", {}), ("x", {"a": object()}), ("x", {"a": float("nan")})]
    for name, state in wrong:
        with pytest.raises(InvalidInput):
            gallery.store_job(name, state)
    assert gallery.job("x\0y") is None


def test_a_clock_that_goes_backwards_changes_the_order_of_nothing(plain_gallery, monkeypatch):
    gallery = plain_gallery
    years = itertools.chain(range(2030, 2020, -1), itertools.repeat(1999))
    monkeypatch.setattr(change, "now", lambda: f"{next(years)}-01-01T00:00:00.000Z")
    for number in range(4):
        gallery.enrol([reference(f"r{number}", "Ada")])
    gallery.rename("Ada", "Eve")
    gallery.split("Eve", ["r3"], "Fay")
    gallery.merge("Eve", "Fay")
    assert ids_of(gallery, "Eve") == ["r0", "r1", "r2", "r3"]
    assert [one.created[:4] for one in gallery.references()] == ["2030", "2029", "2028", "2027"]
    assert [one.kind for one in gallery.history()] == ["merge", "split", "rename"]
    gallery.undo()
    assert names(gallery) == ["Eve", "Fay"]
    gallery.undo()
    gallery.undo()
    assert names(gallery) == ["Ada"]
    assert found(gallery, "r3") == ["r3"]
    gallery.forget("Ada", references=["r0"])
    assert [entry.sequence for entry in gallery.audit()] == list(range(1, len(list(gallery.audit())) + 1))
    assert gallery.verify() == []


def test_verify_names_what_is_wrong_and_repairs_what_loses_nothing(place, gallery):
    gallery.enrol(references(Ada=2, Ben=1))
    steps: list[tuple[int, int]] = []
    assert gallery.verify(progress=lambda done, total: steps.append((done, total))) == []
    assert steps[-1] == (6, 6)
    with gallery.store.database.writing() as connection:
        connection.execute(text("INSERT INTO person (key, id, name, created) VALUES (90, 'bare', 'Nobody', '2026')"))
    kinds = {problem.kind: problem for problem in gallery.verify()}
    assert kinds.keys() == {BARE, "numbers"}
    assert kinds[BARE].repairable
    assert "Nobody" in kinds[BARE].message
    gallery.verify(repair=True)
    assert gallery.verify() == []
    with gallery.store.database.writing() as connection:
        connection.execute(text("DELETE FROM template WHERE reference = 1"))
    kinds = {problem.kind: problem for problem in gallery.verify()}
    assert kinds.keys() == {"missing template"} | ({"stray template"} if place.outside else set())
    assert "ada-1" in kinds["missing template"].message
    assert not kinds["missing template"].repairable


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        ("UPDATE crop SET data = 'no image' WHERE reference = 2", "damaged crop"),
        ("UPDATE model SET active = false", "active model"),
        ("UPDATE setting SET value = '0' WHERE name = 'version'", "version"),
        ("UPDATE setting SET value = '{\"reference\": 2, \"person\": 9}' WHERE name = 'keys'", "numbers"),
        ("UPDATE operation SET undone_by = id", "history"),
    ],
)
def test_verify_finds_each_damage(plain_gallery, damage, kind):
    plain_gallery.enrol(references(Ada=2))
    plain_gallery.rename("Ada", "Eve")
    with plain_gallery.store.database.writing() as connection:
        connection.execute(text(damage))
    assert kind in {problem.kind for problem in plain_gallery.verify()}


def test_verify_finds_every_damaged_template(place, gallery):
    gallery.enrol(references(Ada=2))
    templates = gallery.store.templates
    if isinstance(templates, OutsideTemplates):
        templates._outside.drop(gallery.model, np.array([1]))
    else:
        short = "vector = '[1,2,3]'" if place.store == "postgresql" else "data = 'short'"
        with gallery.store.database.writing() as connection:
            connection.execute(text(f"UPDATE template SET {short} WHERE reference = 1"))
    (problem,) = gallery.verify()
    assert problem.kind == "damaged template"
    if place.key is not None:
        gallery.store.templates.close()
        with place.open() as again, again.store.database.writing() as connection:
            data = connection.execute(text("SELECT data FROM template WHERE reference = 2")).scalar()
            flipped = bytes([*data[:-1], data[-1] ^ 1])
            connection.execute(text("UPDATE template SET data = :data WHERE reference = 2"), {"data": flipped})
        assert "altered" in repr(gallery.verify()) or "not sealed" in repr(gallery.verify())
