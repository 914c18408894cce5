from __future__ import annotations

import json

import numpy as np
import pytest
from tests.matching.clustering.made_up import crowd, people, threshold

from visavis.matching.clustering import ClusterSettings, FoundFaces, cluster_faces, cohesion

pytest.importorskip("faiss", reason="needs visavis[cluster]")


def found_faces(templates, paths, index=None, quality=None):
    count = len(templates)
    boxes = np.tile(np.float32([1, 2, 11, 12.126]), (count, 1))
    boxes[0] = np.nan
    return FoundFaces(
        tuple(paths),
        np.zeros(count, np.int64) if index is None else np.array(index),
        boxes,
        np.full(count, 0.7, np.float32) if quality is None else np.float32(quality),
        np.zeros((count, 2), np.int32),
        templates,
        "m@1",
    )


@pytest.fixture
def three_people():
    """Ada on a.jpg (twice: face 0 and, small, her mirror image's neighbour Ben), Ben on b.jpg, somebody on c.jpg."""
    templates = np.array([[0, 0], [5, 0], [0, 0.1], [5, 0.1], [9, 9], [0, 0]], np.float32)
    faces = found_faces(templates, ["a", "a", "b", "b", "a", "d"], [0, 1, 0, 1, 2, 0], [0.7, 0.7, 0.7, 0.7, 0.7, 0.1])
    settings = ClusterSettings(min_quality=0.5)
    return faces, cluster_faces(templates, threshold(0.5), "euclidean", settings, quality=faces.quality)


def test_the_answer_lists_photos_and_faces_of_clusters_and_those_left_out_with_the_reason(three_people):
    faces, found = three_people
    told = found.to_dict(faces)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert [one["id"] for one in told["clusters"]] == [0, 1]
    assert told["clusters"][0]["paths"] == ["a", "b"]
    assert told["clusters"][1]["faces"][0] == {
        "path": "a", "face": 1, "box": [1.0, 2.0, 11.0, 12.13], "quality": 0.7, "similarity": 0.9,
    }  # fmt: skip
    assert told["clusters"][0]["faces"][0]["box"] is None
    assert told["unassigned"] == ["d"]  # photo a is shown by two clusters, though one of its faces is in none
    assert [(one["path"], one["face"], one["reason"]) for one in told["unassigned_faces"]] == [
        ("a", 2, "alone"),
        ("d", 0, "low quality"),
    ]
    assert (told["faces"], told["model"], told["settings"]["method"]) == (6, "m@1", "average")
    assert told["threshold"]["similarity"] == 0.5


def test_details_are_told_with_every_face(three_people):
    faces, found = three_people
    told = found.to_dict(faces, [{"person": f"p{i}"} for i in range(6)])
    assert [one["person"] for one in told["clusters"][0]["faces"]] == ["p0", "p2"]
    assert [one["person"] for one in told["unassigned_faces"]] == ["p4", "p5"]


def test_nobody_gives_an_empty_answer():
    found = cluster_faces(np.zeros((0, 4)), threshold(0.5), "cosine")
    told = found.to_dict(FoundFaces.none())
    assert (told["clusters"], told["unassigned"], told["unassigned_faces"], told["faces"]) == ([], [], [], 0)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_cohesion_is_the_similarity_of_the_mean_square_among_the_others(metric):
    templates, at = crowd(11, most=60)
    found = cluster_faces(templates, threshold(min(at, 0.3)), metric)
    close = cohesion(found, templates)
    points = templates.astype(np.float64)
    if metric == "cosine":
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    squares = ((points[:, None] - points) ** 2).sum(axis=2)

    def similarity(square):
        return 1 - square / 2 if metric == "cosine" else 1 - np.sqrt(square)

    assert found.clusters
    for number, members in enumerate(found.clusters):
        for face in members:
            others = members[members != face]
            assert close.faces[face] == pytest.approx(similarity(squares[face, others].mean()))
        among = squares[np.ix_(members, members)][~np.eye(len(members), dtype=bool)]
        assert close.clusters[number] == pytest.approx(similarity(among.mean()))
        ordered = close.faces[close.typical_first(members)]
        assert (np.diff(ordered) <= 0).all()
    assert np.isnan(close.faces[found.unassigned]).all()


def test_a_joined_cluster_is_as_similar_as_the_threshold_at_least():
    templates, _ = people([20, 10, 5], noise=0.1)
    found = cluster_faces(templates, threshold(0.3), "euclidean")
    assert (cohesion(found, templates).clusters >= 0.3).all()
