"""Model files that users have: recognised by their layout, used by name, and guarded."""

from __future__ import annotations

import numpy as np
import pytest
import tomli_w
from tests.models import tiny

import visavis as vv
from visavis.errors import (
    CardError,
    InvalidInput,
    LicenceRestricted,
    ModelCorrupt,
    ModelError,
    ModelNotFound,
    ModelUnavailable,
    StorageError,
)
from visavis.matching.calibration import fit_calibration
from visavis.models import cards, find_card, register
from visavis.models.converters.onnx_wire import read_model


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "data"))
    return tmp_path


def file(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("layout", "colour"), [(None, "rgb"), ("arcface", "rgb"), ("edgeface", "rgb"), ("adaface", "bgr")]
)
def test_embedders_are_recognised(folder, layout, colour):
    card = register.add(file(folder, "My Model_R50.onnx", tiny.embedder()), layout=layout)
    assert (card.id, card.task, card.alignment) == ("my-model_r50", "embed", "arcface-112")
    assert (card.input.colour, card.input.mean, card.input.std) == (colour, (127.5,) * 3, (127.5,) * 3)
    assert (card.output.dimensions, card.output.metric) == (32, "cosine")
    assert find_card("my-model_r50") == card


@pytest.mark.parametrize(("side", "expected"), [("side", 0), (640, 640)])
def test_detectors_are_recognised(folder, side, expected):
    card = register.add(file(folder, "det.onnx", tiny.scrfd(side=side)))
    assert (card.task, card.output.decoder, card.input.width, card.input.std) == (
        "detect",
        "scrfd",
        expected,
        (128,) * 3,
    )


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (tiny.scrfd(points=False), "not those of an SCRFD detector with five points"),
        (tiny.embedder(side=96), "expected square chips of a multiple of 112 or 128"),
        (tiny.embedder(outputs=2), "not those of an SCRFD detector"),
        (tiny.embedder(batch=4), "reads 4 pictures at a time; export it with a free batch size"),
    ],
)
def test_files_of_other_layouts_are_refused(folder, data, problem):
    with pytest.raises(CardError, match=problem):
        register.add(file(folder, "other.onnx", data))
    assert set(cards()) == {"centerface", "dlib-resnet", "dlib-landmarks5", "dlib-landmarks68"}


def test_what_is_no_model_is_refused(folder):
    with pytest.raises(ModelCorrupt):
        register.add(file(folder, "photo.onnx", b"\xff\xd8\xff"))
    for path in (folder / "missing.onnx", folder, "a\0b", "~nobody-of-this-name/x.onnx", None):
        with pytest.raises(CardError, match=r"give the path of an \.onnx file"):
            register.add(path)
    with pytest.raises(ModelError, match=r"two\.onnx: reads 2 inputs"):
        register.add(file(folder, "two.onnx", tiny.adder(2)))
    with pytest.raises(InvalidInput, match="choose one of scrfd, arcface"):
        register.add(file(folder, "m.onnx", tiny.embedder()), layout="resnet")


def test_names_are_taken_once(folder):
    path = file(folder, "model.onnx", tiny.embedder())
    register.add(path)
    with pytest.raises(CardError, match="pass --replace"):
        register.add(path)
    assert register.add(path, replace=True, title="Mine").title == "Mine"
    with pytest.raises(CardError, match="built-in model"):
        register.add(path, model_id="centerface")
    register.remove("model")
    with pytest.raises(ModelNotFound):
        find_card("model")
    assert path.exists()


def test_a_data_folder_that_cannot_be_written_is_a_storage_error(folder, monkeypatch):
    monkeypatch.setenv("VISAVIS_DATA", str(file(folder, "blocked", b"a file where the folder should be")))
    with pytest.raises(StorageError, match="set VISAVIS_DATA to a folder of yours"):
        register.add(file(folder, "mine.onnx", tiny.embedder()))


def test_models_that_take_one_chip_at_a_time_embed_many(folder):
    register.add(file(folder, "many.onnx", tiny.embedder()), commercial_use="yes")
    register.add(file(folder, "one.onnx", tiny.embedder(batch=1)), commercial_use="yes")
    chips = np.random.default_rng(0).integers(0, 256, (5, 112, 112, 3), np.uint8)
    many, one = (vv.Engine(embedder=name).embed(chips) for name in ("many", "one"))
    np.testing.assert_allclose(many, one, atol=1e-5)


def test_colours_reach_the_network_in_the_order_of_its_layout(folder):
    path = file(folder, "model.onnx", tiny.embedder())
    for layout in ("arcface", "adaface"):
        register.add(path, model_id=layout, layout=layout, commercial_use="yes")
    chips = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), np.uint8)
    rgb, bgr = (vv.Engine(embedder=layout) for layout in ("arcface", "adaface"))
    np.testing.assert_allclose(rgb.embed(chips), bgr.embed(np.ascontiguousarray(chips[..., ::-1])), atol=1e-5)
    blocks = (chips.astype(np.float64) - 127.5) / 127.5
    means = blocks.transpose(0, 3, 1, 2).reshape(2, 3, 7, 16, 7, 16).mean((3, 5)).reshape(2, -1)
    weights = read_model(tiny.embedder(), "tiny").weights["w"]
    np.testing.assert_allclose(rgb.embed(chips), means @ weights, atol=1e-4)


def test_networks_that_scale_pixels_themselves_get_them_as_they_are(folder):
    for name, scaled in (("plain", False), ("mxnet", True)):
        register.add(file(folder, f"{name}.onnx", tiny.embedder(scaled=scaled)), commercial_use="yes")
    assert (find_card("mxnet").input.mean, find_card("mxnet").input.std) == ((0.0,) * 3, (1.0,) * 3)
    chips = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), np.uint8)
    plain, mxnet = (vv.Engine(embedder=name).embed(chips) for name in ("plain", "mxnet"))
    np.testing.assert_allclose(plain, mxnet, atol=1e-5)


def test_numbers_that_are_none_are_an_error_of_the_model(folder):
    register.add(file(folder, "nan.onnx", tiny.embedder(gain=float("nan"))), commercial_use="yes")
    with pytest.raises(ModelError, match="nan: returned NaN or infinite numbers"):
        vv.Engine(embedder="nan").embed(np.zeros((1, 112, 112, 3), np.uint8))


@pytest.mark.parametrize(
    ("change", "error", "problem"),
    [
        ({"alignment": "arcface-224"}, CardError, "does not read chips of arcface-224; mend its card"),
        ({"alignment": "ears"}, InvalidInput, "alignment template 'ears' is unknown"),
    ],
)
def test_a_card_whose_alignment_does_not_fit_is_refused_at_once(folder, change, error, problem):
    card = register.add(file(folder, "mine.onnx", tiny.embedder()))
    fields = card.model_dump(mode="json", exclude_none=True) | change
    (folder / "data" / "cards" / "mine.toml").write_text(tomli_w.dumps(fields))
    with pytest.raises(error, match=problem):
        vv.Engine(embedder="mine")


def test_a_card_that_promises_another_length_is_an_error_of_the_card(folder):
    card = register.add(file(folder, "mine.onnx", tiny.embedder()), commercial_use="yes")
    fields = card.model_dump(mode="json", exclude_none=True)
    fields["output"]["dimensions"] = 64
    (folder / "data" / "cards" / "mine.toml").write_text(tomli_w.dumps(fields))
    with pytest.raises(CardError, match=r"returned \(1, 32\), its card promises 64"):
        vv.Engine(embedder="mine").embed(np.zeros((1, 112, 112, 3), np.uint8))


@pytest.mark.weights
def test_an_added_embedder_works_by_name(folder, portrait):
    register.add(file(folder, "mine.onnx", tiny.embedder()))
    with pytest.raises(LicenceRestricted):
        vv.Engine(embedder="mine").faces(portrait.image)
    engine = vv.Engine(embedder="mine", allow_restricted=True)
    (face,) = engine.faces(portrait.image)
    assert face.template is not None
    assert face.template.vector.shape == (32,)
    assert face.template.model.startswith("mine@")
    assert engine.chips(portrait.image, engine.faces(portrait.image)).shape == (1, 112, 112, 3)
    with pytest.raises(vv.VisavisError, match="visavis models calibrate mine"):
        vv.match(portrait.image, portrait.image, engine=engine)


@pytest.mark.weights
def test_an_added_embedder_decides_once_it_is_calibrated(folder, portrait):
    register.add(file(folder, "mine.onnx", tiny.embedder()), commercial_use="yes")
    rng = np.random.default_rng(0)
    fitted = fit_calibration(
        rng.normal(0.9, 0.05, 20000), rng.normal(0.2, 0.1, 20000), identities=10, source="drawn", command="test"
    )
    register.set_calibration("mine", "plain", fitted)
    assert find_card("mine").calibration["plain"] == fitted
    comparison = vv.match(portrait.image, portrait.image, engine=vv.Engine(embedder="mine"))
    assert comparison.decision == "match"
    assert comparison.score == pytest.approx(1, abs=1e-6)


def test_built_in_cards_cannot_be_changed(folder):
    with pytest.raises(ModelNotFound, match="not one of your own models"):
        register.own_card("dlib-resnet")


@pytest.mark.parametrize("side", ["side", 640, 96])
def test_an_added_detector_runs_by_name(folder, side):
    register.add(file(folder, "det.onnx", tiny.scrfd(side=side)), commercial_use="yes")
    photo = np.random.default_rng(0).integers(0, 256, (500, 900, 3), np.uint8)
    faces = vv.Engine(detector="det", min_score=0.5, long_side=1280).faces(photo, embed=False, quality=False)
    assert faces.image_size == (900, 500)


def test_a_file_that_moves_or_changes_later_is_noticed(folder):
    path = file(folder, "mine.onnx", tiny.embedder())
    register.add(path, commercial_use="yes")
    engine = vv.Engine(embedder="mine")
    chips = np.zeros((1, 112, 112, 3), np.uint8)
    path.write_bytes(tiny.embedder(seed=1))
    with pytest.raises(ModelCorrupt, match="another version"):
        engine.embed(chips)
    path.unlink()
    with pytest.raises(ModelUnavailable, match="put the file back"):
        engine.embed(chips)
