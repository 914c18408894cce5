"""Exported galleries: a documented file that holds what the gallery holds, for its owner's eyes only."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.gallery.transfer.galleries import MODEL, NAMES, OLD, SECOND, full_gallery, references

from visavis.errors import GalleryReadOnly, InvalidInput, MissingExtra, StorageError, TemplateMismatch
from visavis.gallery.gallery import create_gallery, open_gallery
from visavis.gallery.transfer import export, layout
from visavis.gallery.transfer.export import export_gallery
from visavis.gallery.transfer.load import import_gallery


@pytest.fixture(params=["sqlite", "postgresql"])
def gallery(request, tmp_path):
    uri = tmp_path / "g" if request.param == "sqlite" else request.getfixturevalue("postgres").place()
    with full_gallery(uri) as gallery:
        yield gallery


@pytest.fixture
def embedded(tmp_path):
    with full_gallery(tmp_path / "g") as gallery:
        yield gallery


def test_every_row_is_a_reference_with_all_that_is_known_of_it(gallery, tmp_path):
    steps = []
    report = export_gallery(gallery, tmp_path / "a.parquet", crops=True, progress=lambda *at: steps.append(at))
    rows = pq.read_table(tmp_path / "a.parquet").to_pylist()
    people = {one.id: one for one in gallery.people()}
    held = gallery.references()
    assert [row["reference"] for row in rows] == [one.id for one in held]
    for row, one, vector, crop in zip(
        rows, held, gallery.templates([r.key for r in held]), gallery.crops([r.id for r in held]), strict=True
    ):
        owner = people[row["person_id"]]
        assert (row["person"], owner.name, owner.consent) == (one.person, one.person, row["person_consent"])
        assert row["person_created"].strftime("%Y-%m-%dT%H:%M:%S") == owner.created[:19]
        assert (row["source"], row["photo"], row["consent"]) == (one.source, one.photo, one.consent)
        assert row["box"] == (one.box and one.box.as_list())
        assert row["quality"] == (one.quality and one.quality["summary"])
        assert row["qualities"] == (one.quality and sorted(one.quality.items()))
        assert f"{row['created']:%Y-%m-%dT%H:%M:%S}.{row['created'].microsecond // 1000:03}Z" == one.created
        assert (row["retain_until"] and row["retain_until"].isoformat()) == one.retain_until
        assert (row["model"], row["metric"]) == (MODEL, "euclidean")
        assert np.array_equal(np.array(row["template"], np.float32), vector)
        assert row["crop"] == (crop and crop.data)
        assert row["crop_points"] == (crop and [list(point) for point in crop.points])
    assert (report.people, report.references, report.crops, report.left_out) == (5, 22, 11, 0)
    assert (steps[-1], report.size) == ((22, 22), (tmp_path / "a.parquet").stat().st_size)


def test_the_schema_names_the_gallery_and_nothing_needs_guessing(gallery, tmp_path):
    export_gallery(gallery, tmp_path / "a.parquet")
    schema = pq.read_schema(tmp_path / "a.parquet")
    facts = json.loads(schema.metadata[b"visavis.gallery"])
    assert (facts["format"], facts["gallery"], facts["fingerprint"]) == (1, gallery.id, MODEL)
    assert (facts["dimension"], facts["metric"], facts["precision"], facts["scale"]) == (
        24,
        "euclidean",
        "float32",
        None,
    )
    assert facts["apart"] == [
        {"people": [[gallery.person(n).id, n] for n in ("李小龍", "Benjamin")], "reason": "twins?"}
    ]
    assert str(schema.field("template").type) == "fixed_size_list<element: float>[24]"
    assert "crop" not in schema.names
    described = re.findall(r"^\| ([a-z_, ]+) \|", str(layout.__doc__), re.MULTILINE)
    names = [name for line in described[1:] for name in line.split(", ")]
    everything = [*layout.columns(1, "float32", crops=True), *layout.columns(1, "int8", crops=True)]
    assert set(names) == set(everything)
    assert [name for name in names if name in schema.names] == schema.names


def test_another_model_is_exported_by_its_codes(gallery, tmp_path):
    report = export_gallery(gallery, tmp_path / "b.parquet", model=SECOND)
    rows, space = pq.read_table(tmp_path / "b.parquet").to_pylist(), gallery.space(SECOND)
    assert (report.model, report.references, report.left_out) == (SECOND, 11, 11)
    decoded = np.array([row["codes"] for row in rows], np.int8) * np.float32(rows[0]["scale"])
    keys = [one.key for one in gallery.references(ids=[row["reference"] for row in rows])]
    assert np.array_equal(decoded, gallery.templates(keys, space))
    assert "template" not in rows[0]
    with pytest.raises(TemplateMismatch):
        export_gallery(gallery, tmp_path / "c.parquet", model="third@3")
    assert not (tmp_path / "c.parquet").exists()


def test_only_its_owner_may_read_the_file_whatever_was_there(embedded, tmp_path):
    for name, before in (("new.parquet", None), ("old.parquet", 0o644)):
        if before:
            (tmp_path / name).write_text("old")
            (tmp_path / name).chmod(before)
        export_gallery(embedded, tmp_path / name)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_the_audit_log_knows_of_every_file_and_of_none_that_failed(embedded, tmp_path, monkeypatch):
    export_gallery(embedded, tmp_path / "a.parquet", crops=True)
    last = list(embedded.audit())[-1]
    assert (last.action, last.model, dict(last.details)) == (
        "export", MODEL, {"references": 22, "crops": 11, "decrypted": False}
    )  # fmt: skip
    with pytest.raises(StorageError):
        export_gallery(embedded, tmp_path / "no" / "folder.parquet")
    monkeypatch.setattr(export, "_groups", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StorageError, match="free some space"):
        export_gallery(embedded, tmp_path / "b.parquet")
    assert [one.action for one in embedded.audit()].count("export") == 1
    assert sorted(path.name for path in tmp_path.glob("*.parquet")) == ["a.parquet"]


def test_no_file_appears_without_its_entry_in_the_audit_log(embedded, tmp_path, monkeypatch):
    def busy():
        raise StorageError("the disk is full")

    monkeypatch.setattr(embedded.store, "changing", busy)
    with pytest.raises(StorageError, match="the disk is full"):
        export_gallery(embedded, tmp_path / "a.parquet")
    assert not list(tmp_path.glob("*.parquet"))
    monkeypatch.undo()
    with open_gallery(tmp_path / "g", read_only=True) as reader, pytest.raises(GalleryReadOnly, match="audit"):
        export_gallery(reader, tmp_path / "a.parquet")


def test_an_encrypted_gallery_leaves_decrypted_only_on_request(tmp_path):
    with full_gallery(tmp_path / "g", key=OLD) as gallery:
        with pytest.raises(InvalidInput, match="--decrypted"):
            export_gallery(gallery, tmp_path / "a.parquet")
        assert not (tmp_path / "a.parquet").exists()
        export_gallery(gallery, tmp_path / "a.parquet", crops=True, decrypted=True)
        assert dict(list(gallery.audit())[-1].details)["decrypted"] is True
        rows = pq.read_table(tmp_path / "a.parquet").to_pylist()
        assert np.array_equal(np.array(rows[0]["template"], np.float32), gallery.templates([1])[0])
        assert rows[1]["crop"] == gallery.crops(["r1"])[0].data


def test_what_is_enrolled_or_forgotten_meanwhile_is_not_half_in_the_file(embedded, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_GROUP", 6)
    monkeypatch.setattr("visavis.gallery.store.sqlite._SCRUB_PATIENCE_MS", 10)

    def meanwhile(done, total):
        if done == 6:
            embedded.enrol(references(30)[24:])
            embedded.forget("李小龍")

    export_gallery(embedded, tmp_path / "a.parquet", progress=meanwhile)
    file = pq.ParquetFile(tmp_path / "a.parquet")
    assert (file.num_row_groups, file.metadata.num_rows) == (4, 22)
    assert NAMES[3] in file.read().column("person").to_pylist()


def test_pyarrow_is_asked_for_by_name(embedded, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"visavis\[gallery\]"):
        export_gallery(embedded, tmp_path / "a.parquet")


def test_without_the_database_library_the_error_names_the_extra():
    code = "import sys; sys.modules['sqlalchemy'] = None\nimport visavis.gallery.transfer"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert "visavis.errors.MissingExtra" in done.stderr
    assert 'pip install "visavis[gallery]"' in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_an_empty_gallery_is_an_empty_table_and_comes_back_as_an_empty_gallery(tmp_path, precision):
    with create_gallery(tmp_path / "g", model=MODEL, dimension=4, metric="cosine", precision=precision) as gallery:
        assert export_gallery(gallery, tmp_path / "a.parquet").references == 0
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 0
    assert import_gallery(tmp_path / "h", tmp_path / "a.parquet").created
    with open_gallery(tmp_path / "h") as gallery:
        assert (gallery.model.dimension, gallery.model.metric, gallery.model.precision) == (4, "cosine", precision)


def test_an_export_that_is_stopped_leaves_neither_file_nor_entry(embedded, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_gallery(embedded, tmp_path / "a.parquet", progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["g"]
    assert "export" not in [one.action for one in embedded.audit()]
