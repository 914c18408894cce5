"""`visavis gallery export`, `import`, `move`, `rekey` and `new-key`, on real galleries."""

from __future__ import annotations

import stat

import numpy as np
import pytest
from tests.gallery.transfer.galleries import MODEL, full_gallery

from visavis.gallery import open_gallery

COMMANDS = ("export", "import", "move", "rekey", "new-key")


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch):
    monkeypatch.delenv("VISAVIS_GALLERY", raising=False)
    monkeypatch.delenv("VISAVIS_GALLERY_KEY", raising=False)


@pytest.fixture
def here(tmp_path):
    full_gallery(tmp_path / "g").close()
    return tmp_path / "g"


@pytest.fixture
def keys(visavis, tmp_path):
    """Two key files, made by the command."""
    files = [tmp_path / "old.key", tmp_path / "new.key"]
    for file in files:
        assert visavis("gallery", "new-key", file).code == 0
    return files


def test_a_new_key_is_for_its_owner_s_eyes_and_never_overwritten(visavis, keys, tmp_path):
    assert stat.S_IMODE(keys[0].stat().st_mode) == 0o600
    before = keys[0].read_bytes()
    again = visavis("gallery", "new-key", keys[0], "--json")
    assert (again.code, again.json["error"]["type"]) == (2, "StorageError")
    assert keys[0].read_bytes() == before
    assert visavis("gallery", "new-key", tmp_path / "third.key", "--json").json == {"path": str(tmp_path / "third.key")}


def test_an_export_is_imported_into_a_new_gallery(visavis, here, tmp_path):
    file, there = tmp_path / "people.parquet", tmp_path / "h"
    said = visavis("gallery", "export", "--gallery", here, "--out", file)
    assert (said.code, "5 people, 22 references, no crops" in said.out) == (0, True)
    facts = visavis("gallery", "export", "--gallery", here, "--out", file, "--with-crops", "--json").json
    assert (facts["references"], facts["crops"], facts["left_out"], facts["model"]) == (22, 11, 0, MODEL)
    first = visavis("gallery", "import", file, "--gallery", there)
    assert "5 people, 22 references, 11 crops added to a new gallery; 0 references known before" in first.out
    again = visavis("gallery", "import", file, "--gallery", there, "--json").json
    assert (again["references"], again["known"], again["created"]) == (0, 22, False)
    part = visavis("gallery", "export", "--gallery", here, "--out", file, "--model", "second@2+flip")
    assert "11 references left out: no template of second@2+flip" in part.out


def test_an_encrypted_gallery_is_exported_only_where_that_is_said(visavis, here, keys, tmp_path):
    sealed = tmp_path / "sealed"
    assert visavis("gallery", "move", here, sealed, "--new-key", keys[0]).code == 0
    asked = ("gallery", "export", "--gallery", sealed, "--key", keys[0], "--out", tmp_path / "a.parquet")
    refused = visavis(*asked, "--json")
    assert (refused.code, refused.json["error"]["type"]) == (2, "InvalidInput")
    assert visavis(*asked, "--decrypted").code == 0


def test_embedded_faces_need_a_name(visavis, here, tmp_path):
    faces = {
        "source": np.array(["z.jpg"]),
        "face": np.array([0]),
        "box": np.array([[0, 0, 9, 9.0]]),
        "quality": np.array([0.5]),
        "template": np.ones((1, 24), np.float32),
        "model": np.array([MODEL]),
    }
    np.savez(tmp_path / "faces.npz", **faces)
    nobody = visavis("gallery", "import", tmp_path / "faces.npz", "--gallery", here)
    assert (nobody.code, "--person NAME" in nobody.err) == (2, True)
    done = visavis("gallery", "import", tmp_path / "faces.npz", "--gallery", here, "--person", "Zoe", "--json").json
    assert (done["people"], done["references"]) == (1, 1)


def test_a_move_compares_and_leaves_the_source_alone(visavis, here, tmp_path):
    said = visavis("gallery", "move", here, tmp_path / "h")
    assert said.code == 0
    assert "5 people, 22 references" in said.out
    assert "compared and equal" in said.out
    assert f"{here} is as it was" in said.out
    facts = visavis("gallery", "move", here, tmp_path / "i", "--json").json
    assert (facts["copied"], facts["forgotten"], facts["rows"]["person"], facts["encrypted"]) == (True, False, 5, False)
    assert visavis("gallery", "verify", "--gallery", tmp_path / "h", "--json").json == []


def test_a_source_is_erased_only_after_a_yes(visavis, here, tmp_path):
    asked = visavis("gallery", "move", here, tmp_path / "h", "--forget-source")
    assert (asked.code, "--yes" in asked.err) == (2, True)
    assert here.exists()
    assert not (tmp_path / "h").exists()
    done = visavis("gallery", "move", here, tmp_path / "h", "--forget-source", "--yes")
    assert (done.code, "the source is erased" in done.out) == (0, True)
    assert not here.exists()


def test_a_source_that_could_not_be_erased_yet_is_exit_code_2(visavis, here, tmp_path, monkeypatch):
    monkeypatch.setattr("visavis.gallery.store.sqlite._SCRUB_PATIENCE_MS", 10)
    with open_gallery(here) as reader, reader.store.reading() as connection:
        connection.exec_driver_sql("SELECT * FROM person").fetchone()
        first = visavis("gallery", "move", here, tmp_path / "h", "--forget-source", "--yes")
    assert (first.code, "repeat the move" in first.out) == (2, True)
    assert visavis("gallery", "move", here, tmp_path / "h", "--forget-source", "--yes").code == 0


def test_rekeying_replaces_the_key(visavis, here, keys, tmp_path):
    sealed = tmp_path / "sealed"
    visavis("gallery", "move", here, sealed, "--new-key", keys[0])
    on = ("--gallery", sealed)
    said = visavis("gallery", "rekey", *on, "--key", keys[0], "--new-key", keys[1])
    assert (said.code, "33 templates and 11 crops sealed anew" in said.out) == (0, True)
    assert visavis("gallery", "info", *on, "--key", keys[0], "--json").json["error"]["type"] == "WrongKey"
    assert visavis("gallery", "info", *on, "--key", keys[1], "--json").json["references"] == 22
    again = visavis("gallery", "rekey", *on, "--key", keys[0], "--new-key", keys[1], "--json").json
    assert (again["resumed"], again["templates"], again["erased"]) == (True, 0, True)
    plain = visavis("gallery", "rekey", "--gallery", here, "--new-key", keys[1])
    assert (plain.code, "gallery move FROM TO --new-key" in plain.err) == (2, True)


def test_passwords_stay_out_of_what_is_said(visavis):
    asked = visavis("gallery", "move", "postgresql://me:hunter2@localhost/db", "x", "--forget-source")
    assert "hunter2" not in asked.out + asked.err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_it_does(visavis, command):
    said = visavis("gallery", command, "--help")
    assert (said.code, "--json" in said.out) == (0, True)
