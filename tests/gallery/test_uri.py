"""A gallery's URI says where records and templates live, and never shows a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from visavis.errors import InvalidInput
from visavis.gallery.uri import parse_uri


@pytest.mark.parametrize("uri", ["staff.gallery", "sqlite:staff.gallery", Path("staff.gallery")])
def test_a_folder_is_an_embedded_gallery(uri):
    location = parse_uri(uri)
    assert (location.kind, location.folder, location.qdrant) == ("sqlite", Path("staff.gallery"), None)
    assert location.file == Path("staff.gallery/gallery.sqlite")


@pytest.mark.parametrize("uri", ["sqlite:/var/staff", "sqlite:///var/staff", "/var/staff"])
def test_absolute_folders_may_be_written_in_each_customary_way(uri):
    assert parse_uri(uri).folder == Path("/var/staff")


def test_a_folder_may_hold_any_sign_that_a_file_name_may():
    assert parse_uri("what? who: 100 %").folder == Path("what? who: 100 %")


def test_home_is_expanded():
    assert parse_uri("~/staff").folder == Path.home() / "staff"


def test_postgresql_keeps_its_options_and_names_its_schema():
    location = parse_uri("postgresql://me:secret@host:5433/faces?schema=staff&sslmode=require")
    assert (location.kind, location.schema, location.folder) == ("postgresql", "staff", None)
    assert location.url == "postgresql+psycopg://me:secret@host:5433/faces?sslmode=require"


def test_a_socket_folder_survives_as_a_host():
    location = parse_uri("postgresql://postgres@/faces?host=/run/my%20pg")
    assert location.url == "postgresql+psycopg://postgres@/faces?host=%2Frun%2Fmy%20pg"


def test_a_password_is_never_shown():
    for uri in (
        "postgresql://me:secret@host/faces",
        "postgresql://host/faces?user=me&password=secret",
        "qdrant+postgresql://me:secret@host/faces?qdrant=http://q:6333",
    ):
        assert "secret" not in parse_uri(uri).shown
        assert "secret" not in repr(parse_uri(uri))
    assert "me@host" in parse_uri("postgresql://me:secret@host/faces").shown


@pytest.mark.parametrize(
    "uri",
    ["postgre://me:secret@h/db", "mysql://me:secret@h/db?x=a@b", "postgresql://me:secret@h:port/db",
     "postgresql://me:sec/secret@h/db", "postgresql://me:sec?secret@h/db", "postgresql://me:secret#@h/db",
     "postgresql://me:secret@[h/db", "postgresql://me:secret\u2100@h/db", "qdrant+postgresql://me:secret@h/db",
     "postgresql://me:secret@h/db?qdrant=x", "qdrant+folder?qdrant=http://u:secret@h"],
)  # fmt: skip
def test_a_password_is_not_shown_where_the_uri_is_refused_either(uri):
    with pytest.raises(InvalidInput) as refused:
        parse_uri(uri)
    trail = [
        refused.value,
        refused.value.__cause__,
        refused.value.__context__ if not refused.value.__suppress_context__ else None,
    ]
    assert "secret" not in " ".join(map(str, trail))


def test_a_password_of_qdrant_is_not_shown_either():
    for uri in ("qdrant+postgresql://h/db?qdrant=http://u:secret@q:1", "qdrant+sqlite:f?qdrant=http://u:secret@q:1"):
        assert "secret" not in parse_uri(uri).shown
        assert "secret" in (parse_uri(uri).qdrant or "")


def test_a_home_that_nobody_has_is_refused():
    with pytest.raises(InvalidInput, match="in full"):
        parse_uri("~nobody-of-that-name/gallery")


def test_qdrant_stands_beside_either_database():
    assert parse_uri("qdrant+sqlite:staff?qdrant=points").qdrant == "points"
    assert parse_uri("qdrant+postgresql://host/db?qdrant=http://q:6333").qdrant == "http://q:6333"


@pytest.mark.parametrize(
    "uri",
    ["", "mysql://host/db", "sqlite:", "qdrant+sqlite:staff", "sqlite:staff?qdrant=points", "a\0b", 7, None,
     "postgresql://host/db?schema=a-b", "postgresql://host/db?schema=1a", "postgresql://host/db?schema=é"],
)  # fmt: skip
def test_what_names_no_gallery_is_refused(uri):
    with pytest.raises(InvalidInput, match="gallery"):
        parse_uri(uri)


def test_an_embedded_gallery_alone_has_a_file():
    with pytest.raises(InvalidInput, match="embedded"):
        _ = parse_uri("postgresql://host/db").file
