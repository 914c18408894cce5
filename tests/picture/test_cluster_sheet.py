"""The page is read back by an HTML parser: what it shows, what it refers to, and that names stay names."""

from __future__ import annotations

from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from visavis.images import load
from visavis.matching.clustering import ClusterSettings, FoundFaces, cluster_faces, cohesion, given_threshold
from visavis.picture import cluster_sheet as module
from visavis.picture.cluster_sheet import SheetText, cluster_sheet
from visavis.types import Box

pytest.importorskip("faiss", reason="needs visavis[cluster]")
EVIL = "<script>alert('&\"')</script>.jpg"


class Read(HTMLParser):
    """Tags with their attributes, and all text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def clustering_of(sizes, names=None):
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    templates = (10 * rng.normal(size=(len(sizes), 8))[owner] + 0.01 * rng.normal(size=(len(owner), 8))).astype(
        np.float32
    )
    count = len(owner)
    faces = FoundFaces(
        tuple(names or [f"photos/{n}.jpg" for n in range(count)]),
        np.zeros(count, np.int64),
        np.tile(np.float32([2, 2, 12, 12]), (count, 1)),
        np.full(count, 0.5, np.float32),
        np.zeros((count, 2), np.int32),
        templates,
        "m@1",
    )
    return cluster_faces(templates, given_threshold(0.5, count), "euclidean", ClusterSettings()), faces


def view(face):
    return np.full((20, 20, 3), face, np.uint8), Box(2, 2, 12, 12)


def page_of(sizes, names=None, look=view, text=None, **other):
    found, faces = clustering_of(sizes, names)
    return Read(cluster_sheet(found, faces, look, text or SheetText("Sheet"), **other))


def test_every_face_has_a_picture_that_is_in_the_page_itself():
    page = page_of([4, 2, 1])
    images = page.of("img")
    assert len(images) == 7
    for image in images:
        head, _, data = image["src"].partition(",")
        assert head == "data:image/jpeg;base64"
        assert Image.open(BytesIO(b64decode(data))).size == (128, 128)


def test_nothing_outside_the_page_is_referred_to():
    page = page_of([3, 2, 1])
    policy = next(meta["content"] for meta in page.of("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert not [tag for tag, _ in page.tags if tag in ("link", "script", "iframe", "object", "embed")]
    addresses = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")]
    assert all(address.startswith("data:") for address in addresses)
    assert "url(" not in module._style()
    assert "@import" not in module._style()


def test_names_and_findings_are_text_whatever_they_contain():
    names = [EVIL, "a\u202egpj.exe", "lone \udcff surrogate.jpg"]
    text = SheetText(EVIL, [("1", EVIL)], [EVIL], {EVIL: [EVIL]}, {0: EVIL})
    page = page_of([3], names, text=text)
    assert not page.of("script")
    assert page.text.count("alert") == 7  # title, heading, figure, line, finding's heading and entry, cluster's name
    assert [figure["title"] for figure in page.of("figure")].count(f"{EVIL}, face 0, quality 0.50") == 1
    assert "\u202e" not in page.text


def test_a_page_can_be_written_as_utf_8_even_with_names_that_cannot():
    found, faces = clustering_of([2], ["\udcff.jpg", "ü.jpg"])
    assert "ü.jpg" in cluster_sheet(found, faces, view, SheetText("x")).encode("utf-8").decode()


def test_faces_that_cannot_be_seen_leave_a_gap():
    page = page_of(
        [4], look=lambda face: None if face == 0 else ("/no/such/photo.jpg", None) if face == 1 else view(face)
    )
    assert len(page.of("img")) == 2
    assert page.text.count("no picture") == 2


def test_large_clusters_show_their_most_typical_faces_and_the_doubtful_end():
    found, faces = clustering_of([60])
    close = cohesion(found, faces.templates)
    order = [f"{faces.paths[face]}, face 0, quality 0.50" for face in close.typical_first(found.clusters[0])]
    page = Read(cluster_sheet(found, faces, view, SheetText("x")))
    shown = [figure["title"] for figure in page.of("figure") if "title" in figure]
    assert shown == order[: module.TYPICAL] + order[-module.DOUBTFUL :]
    assert f"{60 - module.TYPICAL - module.DOUBTFUL} more" in page.text


def test_a_page_holds_so_many_pictures_and_says_what_is_left_out(monkeypatch):
    monkeypatch.setattr(module, "PICTURES", 9)
    monkeypatch.setattr(module, "ALONE", 2)
    page = page_of([5, 4, 3, 2, 1, 1, 1])
    assert len(page.of("img")) == 5 + 4 + 2
    assert "2 smaller clusters are in clusters.json only" in page.text
    assert "1 more are in clusters.json only" in page.text


def test_a_photo_with_several_faces_is_decoded_once(tmp_path, monkeypatch):
    path = str(tmp_path / "group.png")
    Image.new("RGB", (30, 30)).save(path)
    decoded = []

    def counted(source):
        decoded.append(source)
        return load(source)

    monkeypatch.setattr(module, "load", counted)
    page_of([2, 2], [path] * 4, look=lambda face: (path, Box(2, 2, 12, 12)))
    assert decoded == [path]


def test_nobody_gives_a_page_that_says_so():
    page = page_of([])
    assert "There are none." in page.text
    assert not page.of("img")


def test_progress_is_told_for_every_picture():
    told = []
    page_of([3, 1], progress=lambda *p: told.append(p))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
