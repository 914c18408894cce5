"""Importing: what was exported arrives as it was, twice is once, and everything else is one clear error."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.gallery.transfer.galleries import MODEL, NEW, OLD, D, everything, full_gallery, references

from visavis.errors import (
    DataError,
    GalleryConflict,
    GalleryNotFound,
    InvalidInput,
    TemplateMismatch,
    VisavisError,
)  # fmt: skip
from visavis.gallery.gallery import create_gallery, open_gallery
from visavis.gallery.transfer import exported
from visavis.gallery.transfer.export import export_gallery
from visavis.gallery.transfer.load import import_gallery
from visavis.matching.templates import quantize
from visavis.types import Box, Template

METADATA = b"visavis.gallery"


class Killed(Exception):
    """The process ends here."""


@pytest.fixture
def file(tmp_path):
    """An export with crops of a gallery at tmp_path/g."""
    with full_gallery(tmp_path / "g") as gallery:
        export_gallery(gallery, tmp_path / "a.parquet", crops=True)
    return tmp_path / "a.parquet"


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(exported, "_ROWS", 5)
    monkeypatch.setattr(exported, "_ROWS_WITH_CROPS", 5)


def rewritten(file, change, name="changed.parquet", **facts):
    """The file after `change` of its table and of what it says about its gallery."""
    table = change(pq.read_table(file))
    said = json.loads(pq.read_schema(file).metadata[METADATA]) | facts
    target = file.with_name(name)
    pq.write_table(table.replace_schema_metadata({METADATA: json.dumps(said)}), target)
    return target


def with_values(column, **by_row):
    """A change of a table: values of a column by row number, as r0=..., r1=..."""

    def change(table):
        values = table.column(column).to_pylist()
        for row, value in by_row.items():
            values[int(row[1:])] = value
        place = table.schema.get_field_index(column)
        return table.set_column(place, table.schema.field(column), [pa.array(values, table.schema.field(column).type)])

    return change


def same(table):
    return table


@pytest.mark.parametrize(
    ("precision", "metric", "crops"),
    [
        ("float32", "euclidean", True),
        ("float32", "cosine", False),
        ("int8", "euclidean", False),
        ("int8", "cosine", True),
    ],
)
def test_export_import_export_gives_the_same_file(tmp_path, small_blocks, precision, metric, crops):
    with full_gallery(tmp_path / "g", precision=precision, metric=metric) as gallery:
        export_gallery(gallery, tmp_path / "a.parquet", crops=crops)
        before = everything(gallery)
    report = import_gallery(tmp_path / "h", tmp_path / "a.parquet", actor="me")
    assert (report.created, report.people, report.references, report.known) == (True, 5, 22, 0)
    assert (report.crops, report.note) == (11 if crops else 0, "")
    with open_gallery(tmp_path / "h") as gallery:
        export_gallery(gallery, tmp_path / "b.parquet", crops=crops)
        assert gallery.people() == before["people"]
        assert gallery.apart() == before["apart"]
        assert gallery.crops(["r1"])[0] == (before["crops"][1] if crops else None)
        assert gallery.model.scale == before["models"][0].scale
        assert gallery.verify() == []
    first, second = (pq.read_table(tmp_path / name) for name in ("a.parquet", "b.parquet"))
    assert first.equals(second)
    said = [json.loads(table.schema.metadata[METADATA]) for table in (first, second)]
    for facts in said:
        for name in ("gallery", "created", "exported", "left_out"):
            del facts[name]
    assert said[0] == said[1]


@pytest.mark.parametrize(("source", "destination"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_it_goes_from_any_store_into_any_other_and_into_encrypted_ones(request, tmp_path, source, destination):
    here, there = (
        tmp_path / kind if kind == "sqlite" else request.getfixturevalue("postgres").place()
        for kind in (source, destination)
    )
    with full_gallery(here, key=OLD, precision="int8") as gallery:
        export_gallery(gallery, tmp_path / "a.parquet", crops=True, decrypted=True)
        vectors, crops = gallery.templates([1, 2, 24]), gallery.crops(["r1", "r3"])
    assert import_gallery(there, tmp_path / "a.parquet", key=NEW).references == 22
    with open_gallery(there, key=NEW) as gallery:
        assert gallery.encrypted
        keys = [gallery.references(ids=[name])[0].key for name in ("r0", "r1", "r23")]
        assert np.array_equal(gallery.templates(keys), vectors)
        assert gallery.crops(["r1", "r3"]) == crops
        assert gallery.verify() == []


def test_the_same_file_again_changes_nothing(file, tmp_path):
    import_gallery(tmp_path / "h", file)
    with open_gallery(tmp_path / "h") as gallery:
        before, version = everything(gallery), gallery.version
        report = import_gallery(tmp_path / "h", file)
        assert (report.created, report.people, report.references, report.known, report.crops) == (False, 0, 0, 22, 0)
        assert (everything(gallery), gallery.version) == (before, version)
    assert import_gallery(tmp_path / "g", file).known == 22  # where it came from, too


@pytest.mark.parametrize("stopped_at", [0, 5, 15, 20])
def test_an_interrupted_import_is_simply_repeated(file, tmp_path, small_blocks, stopped_at):
    def stop(done, total):
        if done >= stopped_at:
            raise Killed

    with pytest.raises(Killed):
        import_gallery(tmp_path / "h", file, progress=stop)
    with open_gallery(tmp_path / "h") as gallery:
        assert gallery.count()[1] == stopped_at
        assert gallery.verify() == []
    report = import_gallery(tmp_path / "h", file)
    assert (report.references, report.known) == (22 - stopped_at, stopped_at)
    with open_gallery(tmp_path / "h") as gallery:
        export_gallery(gallery, tmp_path / "b.parquet", crops=True)
        assert len(gallery.apart()) == 1
    assert pq.read_table(file).equals(pq.read_table(tmp_path / "b.parquet"))


def test_imported_people_are_found_and_the_log_says_where_they_came_in(file, tmp_path):
    probe = references(24)[5].template.vector
    with create_gallery(tmp_path / "h", model=MODEL, dimension=D, metric="euclidean") as gallery:
        assert gallery.search(probe, 1).keys[0, 0] == -1
        import_gallery(tmp_path / "h", file, actor="importer")
        assert gallery.references(keys=gallery.search(probe, 1).keys[0].tolist())[0].id == "r5"
        entry = next(one for one in gallery.audit() if one.action == "import")
        assert (entry.actor, entry.model, len(entry.subjects)) == ("importer", MODEL, 22)


def test_two_galleries_become_one_and_a_name_is_no_proof_of_a_person(tmp_path, file):
    with create_gallery(tmp_path / "h", model=MODEL, dimension=D, metric="euclidean") as gallery:
        gallery.enrol([replace(one, id=f"h{one.id}", photo=f"h{one.photo}") for one in references(6, seed=1)])
        before = gallery.count()
        with pytest.raises(GalleryConflict, match=r"row 1 \(reference 'r0'\): somebody called Ada.*--by-name"):
            import_gallery(tmp_path / "h", file)
        assert gallery.count() == before
        report = import_gallery(tmp_path / "h", file, by_name=True)
        assert (report.people, report.references) == (1, 22)  # only Benjamin is new
        assert gallery.person('O\'Brien / ½ "x"').references == 1 + 4
        assert gallery.verify() == []


def test_a_file_that_cannot_be_imported_leaves_no_empty_gallery(tmp_path, file):
    wrong = rewritten(file, with_values("reference", r1=""))
    with pytest.raises(VisavisError, match="row 2"):
        import_gallery(tmp_path / "new", wrong)
    assert not (tmp_path / "new").exists()
    assert import_gallery(tmp_path / "new", file).created


def test_a_renamed_person_is_a_conflict_only_for_new_rows(tmp_path, file):
    import_gallery(tmp_path / "h", file)
    with open_gallery(tmp_path / "h") as gallery:
        gallery.rename("李小龍", "Bruce Lee")
        assert import_gallery(tmp_path / "h", file).known == 22
        gallery.forget("Bruce Lee", references=["r3"])
        with pytest.raises(
            GalleryConflict, match=r"row 4 \(reference 'r3'\).*called Bruce Lee in the gallery and 李小龍"
        ):
            import_gallery(tmp_path / "h", file)


def test_an_id_that_is_taken_is_named_with_its_row(tmp_path, file):
    with create_gallery(tmp_path / "h", model=MODEL, dimension=D, metric="euclidean") as gallery:
        gallery.enrol([replace(references(1, seed=9)[0], id="r9", person="Zoe", photo="")])
        with pytest.raises(GalleryConflict, match=r"row 8 \(reference 'r9'\): this id is taken"):
            import_gallery(tmp_path / "h", file)


def test_a_photo_that_shows_somebody_already_is_refused_unless_both_come_from_the_file(tmp_path, file):
    """The merged person has two faces of one photo: somebody forced that, and it is kept."""
    import_gallery(tmp_path / "h", file)
    with open_gallery(tmp_path / "h") as gallery:
        person = gallery.person("Ada Lovelace")
        photo = gallery.references(ids=["r12"])[0].photo
        gallery.forget(person.name, references=["r12"])
        gallery.enrol([replace(references(1, seed=9)[0], id="other", person=person.name, photo=photo + "x")])
        assert import_gallery(tmp_path / "h", file).references == 1
        gallery.forget(person.name, references=["r0", "r1"])
        gallery.enrol([replace(references(1, seed=9)[0], id="again", person=person.name, photo="photo0000")])
        with pytest.raises(GalleryConflict, match=r"\(reference 'r1'\): its photo is enrolled .* \(reference again\)"):
            import_gallery(tmp_path / "h", file)


def test_precision_may_change_and_the_report_says_what_that_costs(tmp_path, file):
    with create_gallery(tmp_path / "h", model=MODEL, dimension=D, metric="euclidean", precision="int8") as gallery:
        assert "rounded" in import_gallery(tmp_path / "h", file).note
        exact = np.stack([one.template.vector for one in references(24)])[[0, 1, 2]]
        assert np.array_equal(
            gallery.templates([1, 2, 3]), quantize(exact, gallery.model.scale).codes * np.float32(gallery.model.scale)
        )
        export_gallery(gallery, tmp_path / "coded.parquet")
        coded = gallery.templates([1, 2, 3])
    with create_gallery(tmp_path / "i", model=MODEL, dimension=D, metric="euclidean") as gallery:
        assert import_gallery(tmp_path / "i", tmp_path / "coded.parquet").note == ""
        assert np.array_equal(gallery.templates([1, 2, 3]), coded)
    with create_gallery(tmp_path / "j", model=MODEL, dimension=D, metric="euclidean", precision="int8") as gallery:
        gallery.enrol([replace(one, id=f"j{one.id}", person="J", photo="") for one in references(3, seed=4)])
        assert "rounded" in import_gallery(tmp_path / "j", tmp_path / "coded.parquet").note
        assert np.abs(gallery.templates([4, 5, 6]) - coded).max() <= gallery.model.scale


def test_templates_of_another_model_are_refused(tmp_path, file):
    create_gallery(tmp_path / "h", model="other@2", dimension=D, metric="euclidean").close()
    with pytest.raises(TemplateMismatch, match=r"m@1.*other@2"):
        import_gallery(tmp_path / "h", file)
    mixed = rewritten(file, with_values("model", r3="other@2"))
    with pytest.raises(TemplateMismatch, match=r"row 4.*other@2"):
        import_gallery(tmp_path / "i", mixed)
    with pytest.raises(DataError, match="one of the two is damaged"):
        import_gallery(tmp_path / "g", rewritten(file, same, metric="cosine"))


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("reference", "", "row 3: reference id"),
        ("reference", None, "row 3: has no reference"),
        ("person", None, "row 3: has no person"),
        ("person", "\u202egnp", "row 3.*cannot be seen"),
        ("person", "x" * 10_000, "row 3.*characters"),
        ("person_id", "x" * 99, r"row 3 \(reference 'r2'\).*36"),
        ("box", [3.0, 4.0, 2.0, 9.0], "row 3: box"),
        ("qualities", [("summary", float("nan"))], "row 3.*finite"),
        ("template", [float("inf")] * D, "row 3.*infinite"),
        ("template", None, "row 3: has no template"),
        ("reference", "r0", "row 3: reference 'r0' stands in row 1 already"),
    ],
)
def test_a_value_that_cannot_be_names_its_row_and_nothing_of_its_block_is_kept(tmp_path, file, column, value, expected):
    create_gallery(tmp_path / "h", model=MODEL, dimension=D, metric="euclidean").close()
    with pytest.raises(VisavisError, match=expected) as met:
        import_gallery(tmp_path / "h", rewritten(file, with_values(column, r2=value)))
    assert isinstance(met.value, InvalidInput | DataError | GalleryConflict)
    with open_gallery(tmp_path / "h") as gallery:
        assert gallery.count() == (0, 0)


def test_files_of_other_programs_with_like_types_and_few_columns_are_enough(tmp_path, file):
    def few(table):
        table = table.select(["person", "reference", "model", "template", "created"])
        loose = pa.schema({"person": pa.large_string(), "reference": pa.string(), "model": pa.string(),
                           "template": pa.list_(pa.float64()), "created": pa.timestamp("us", tz="UTC")})  # fmt: skip
        return table.cast(loose)

    assert import_gallery(tmp_path / "h", rewritten(file, few)).references == 22
    with open_gallery(tmp_path / "h") as gallery, open_gallery(tmp_path / "g") as original:
        assert np.array_equal(gallery.templates([1, 2]), original.templates([1, 2]))
        assert [one.created for one in gallery.references()] == [one.created for one in original.references()]
        assert gallery.verify() == []


@pytest.mark.parametrize(
    ("change", "facts", "expected"),
    [
        (lambda table: table.drop(["template"]), {}, "lacks the column template"),
        (lambda table: table.drop(["person", "reference"]), {}, "lacks the column reference, person"),
        (same, {"format": 2}, "newer visavis"),
        (same, {"format": "1"}, "newer visavis"),
        (same, {"dimension": 23}, "template holds"),
        (same, {"dimension": -1}, "is damaged"),
        (same, {"metric": "hamming"}, "is damaged"),
        (same, {"precision": "int8"}, "is damaged"),
        (same, {"precision": "int8", "scale": 0.1}, "lacks the column codes"),
        (same, {"apart": [{"people": [["x"]], "reason": 3}]}, "is damaged"),
        (same, {"crops": None}, "is damaged"),
        (lambda table: table.set_column(7, "photo", [pa.array([[1]] * 22)]), {}, "photo holds"),
    ],
)
def test_a_file_that_lacks_something_says_what(tmp_path, file, change, facts, expected):
    with pytest.raises(DataError, match=expected):
        import_gallery(tmp_path / "h", rewritten(file, change, **facts))


def test_foreign_and_damaged_files_say_what_to_do_and_make_no_gallery(tmp_path, file):
    for name, content in (("empty", b""), ("text", b"reference,person\n1,Ada\n"), ("cut", file.read_bytes()[:-500])):
        (tmp_path / f"{name}.parquet").write_bytes(content)
        with pytest.raises(DataError, match="no Parquet file, or a damaged one"):
            import_gallery(tmp_path / "h", tmp_path / f"{name}.parquet")
    with pytest.raises(DataError, match="no such file"):
        import_gallery(tmp_path / "h", tmp_path / "nowhere.parquet")
    with pytest.raises(DataError, match="cannot be read"):
        import_gallery(tmp_path / "h", tmp_path)
    pq.write_table(pa.table({"x": [1]}), tmp_path / "foreign.parquet")
    with pytest.raises(DataError, match="lacks source, face"):
        import_gallery(tmp_path / "h", tmp_path / "foreign.parquet")
    with pytest.raises(InvalidInput, match="says who is who"):
        import_gallery(tmp_path / "h", file, person="Ada")
    assert not (tmp_path / "h").exists()


def test_no_flipped_byte_is_taken_for_a_template(tmp_path, file):
    """Every page has a checksum; what is flipped elsewhere ends in an error of ours, or changes nothing."""
    original, rng = file.read_bytes(), random.Random(3)
    import_gallery(tmp_path / "right", file)
    with open_gallery(tmp_path / "right") as gallery:
        expected = everything(gallery)
    for trial in range(25):
        damaged = bytearray(original)
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        (tmp_path / "damaged.parquet").write_bytes(damaged)
        place = tmp_path / f"try{trial}"
        try:
            import_gallery(place, tmp_path / "damaged.parquet")
        except VisavisError:
            continue
        with open_gallery(place) as gallery:
            for name in ("templates", "crops"):
                assert everything(gallery)[name] == expected[name]


def test_a_gallery_that_cannot_be_opened_is_not_made_anew(tmp_path, file):
    with pytest.raises(InvalidInput, match="is not encrypted"):
        import_gallery(tmp_path / "g", file, key=OLD)
    (tmp_path / "a file").write_text("x")
    with pytest.raises(VisavisError, match="is a file"):
        import_gallery(tmp_path / "a file", file)


# --- what `visavis embed` writes --------------------------------------------------------------------------------------


@pytest.fixture
def embedded(tmp_path):
    """A gallery at tmp_path/h, and embedded faces: a.jpg with two, b.jpg and c.jpg with one each."""
    create_gallery(tmp_path / "h", model=MODEL, dimension=D, metric="euclidean").close()
    vectors = np.random.default_rng(1).normal(size=(4, D)).astype(np.float32)
    columns = {
        "source": np.array(["a.jpg", "a.jpg", "ü/b.jpg", "c.jpg"]),
        "face": np.array([0, 1, 0, 0]),
        "box": np.array([[0, 0, 9.5, 9]] * 4, np.float32),
        "points": np.zeros((4, 5, 2), np.float32),
        "score": np.ones(4, np.float32),
        "quality": np.array([0.5, 0.25, np.nan, 1.0], np.float32),
        "template": vectors,
        "model": np.array([MODEL] * 4),
    }
    np.savez_compressed(tmp_path / "faces.npz", **columns)
    flat = {name: values if values.ndim == 1 else [row.ravel() for row in values] for name, values in columns.items()}
    pq.write_table(pa.table(flat), tmp_path / "faces.parquet")
    (tmp_path / "people.csv").write_text("source,person,face\na.jpg,Ada,1\nü/b.jpg,Ben,\n", encoding="utf-8")
    return columns


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_embedded_faces_are_enrolled_under_the_names_of_a_list(tmp_path, embedded, ending):
    file = tmp_path / f"faces.{ending}"
    report = import_gallery(tmp_path / "h", file, people=tmp_path / "people.csv")
    assert (report.people, report.references, report.known, report.left_out) == (2, 2, 0, 2)
    with open_gallery(tmp_path / "h") as gallery:
        found = gallery.references()
        assert [(one.person, one.source, one.quality) for one in found] == [
            ("Ada", "a.jpg", {"summary": 0.25}), ("Ben", "ü/b.jpg", None)
        ]  # fmt: skip
        assert found[0].box == Box(0, 0, 9.5, 9)
        assert np.array_equal(gallery.templates([1, 2]), embedded["template"][1:3])
    again = import_gallery(tmp_path / "h", file, people=tmp_path / "people.csv")
    assert (again.references, again.known) == (0, 2)


def test_embedded_faces_may_bring_their_names_or_all_be_one_person(tmp_path, embedded):
    np.savez(tmp_path / "named.npz", **embedded, person=np.array(["Ada", "Ben", "Ada", "Cem"]))
    assert import_gallery(tmp_path / "h", tmp_path / "named.npz").people == 3
    one = {name: values[1:] for name, values in embedded.items()}
    np.savez(tmp_path / "one.npz", **one)
    assert import_gallery(tmp_path / "h", tmp_path / "one.npz", person="  Dora ").references == 3
    with open_gallery(tmp_path / "h") as gallery:
        assert gallery.person("Dora").references == 3


def test_embedded_faces_of_nobody_end_in_an_error_that_says_what_to_do(tmp_path, embedded):
    file, h = tmp_path / "faces.parquet", tmp_path / "h"
    with pytest.raises(InvalidInput, match=r"does not say who is who.*--person NAME.*--people FILE"):
        import_gallery(h, file)
    with pytest.raises(InvalidInput, match="several ways"):
        import_gallery(h, file, person="Ada", people=tmp_path / "people.csv")
    with pytest.raises(GalleryConflict, match=r"rows 1 and 2: two faces of a.jpg would be Ada"):
        import_gallery(h, file, person="Ada")
    with pytest.raises(GalleryNotFound):
        import_gallery(tmp_path / "none", file, people=tmp_path / "people.csv")
    create_gallery(tmp_path / "o", model="other@2", dimension=D, metric="euclidean").close()
    with pytest.raises(TemplateMismatch):
        import_gallery(tmp_path / "o", file, people=tmp_path / "people.csv")
    with open_gallery(h) as gallery:
        assert gallery.count() == (0, 0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"photo,person\na.jpg,Ada\n", "lacks the column source"),
        (b"source,person\nz.jpg,Ada\n", "names no photo"),
        (b"source,person\na.jpg,\n", "line 2: needs a source and a person"),
        (b"source,person\na.jpg,Ada\na.jpg,Ben\n", "line 3: a.jpg was another person"),
        (b"source,person\n\xff\xfe,Ada\n", "cannot be read"),
        (b"", "lacks the column person and source"),
    ],
)
def test_a_list_of_people_that_cannot_be_is_one_clear_error(tmp_path, embedded, content, expected):
    (tmp_path / "people.csv").write_bytes(content)
    with pytest.raises(DataError, match=expected):
        import_gallery(tmp_path / "h", tmp_path / "faces.npz", people=tmp_path / "people.csv")
    with pytest.raises(DataError, match="cannot be read"):
        import_gallery(tmp_path / "h", tmp_path / "faces.npz", people=tmp_path / "nowhere.csv")


def test_damaged_embedded_files_are_one_clear_error(tmp_path, embedded):
    (tmp_path / "bad.npz").write_bytes((tmp_path / "faces.npz").read_bytes()[:300])
    np.savez(tmp_path / "objects.npz", **{**embedded, "source": np.array([{}, {}, {}, {}], dtype=object)})
    np.savez(tmp_path / "short.npz", **{**embedded, "box": embedded["box"][:2]})
    np.savez(tmp_path / "flat.npz", **{**embedded, "template": embedded["template"][:, 0]})
    np.savez(tmp_path / "boxes.npz", **{**embedded, "box": embedded["box"] * np.nan})
    for name in ("bad", "objects", "short", "flat", "boxes", "nowhere"):
        with pytest.raises(VisavisError, match=f"{name}.npz"):
            import_gallery(tmp_path / "h", tmp_path / f"{name}.npz", people=tmp_path / "people.csv")


def test_templates_of_the_engine_can_be_imported_as_embed_writes_them(tmp_path):
    from visavis.face.export import export
    from visavis.types import Faces

    faces = Faces(
        source="a.jpg", image_size=(20, 20), boxes=np.array([[1, 2, 9, 9.0]], np.float32),
        points=np.zeros((1, 5, 2), np.float32), scores=np.ones(1, np.float32),
        templates=np.ones((1, D), np.float32), model=MODEL,
    )  # fmt: skip
    create_gallery(tmp_path / "h", model=MODEL, dimension=D, metric="euclidean").close()
    for ending in ("npz", "parquet"):
        export([faces], tmp_path / f"a.{ending}")
        import_gallery(tmp_path / "h", tmp_path / f"a.{ending}", person="Ada")
    with open_gallery(tmp_path / "h") as gallery:
        assert gallery.count() == (1, 1)
        assert Template(gallery.templates([1])[0], MODEL).vector.tolist() == [1.0] * D
