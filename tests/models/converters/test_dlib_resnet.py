"""The converted network against dlib itself, and against damage."""

from __future__ import annotations

import random

import numpy as np
import pytest

from visavis.errors import ModelCorrupt
from visavis.models import Network, find_card
from visavis.models.converters.dlib_format import DlibReader
from visavis.models.converters.dlib_resnet import convert
from visavis.models.converters.onnx_wire import read_model

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def original(original_weights):
    return original_weights("dlib-resnet").read_bytes()


@pytest.fixture(scope="module")
def converted(original):
    return convert(original, "dlib-resnet")


def test_embeddings_equal_dlibs_own(converted, original_weights, astronaut, grace_hopper):
    dlib = pytest.importorskip("dlib", reason="the comparison needs dlib-bin")
    rng = np.random.default_rng(0)
    chips = [astronaut[20:170, 150:300], grace_hopper[100:250, 180:330], rng.integers(0, 256, (150, 150, 3), np.uint8)]
    network = dlib.face_recognition_model_v1(str(original_weights("dlib-resnet")))
    expected = np.array([network.compute_face_descriptor(np.ascontiguousarray(chip)) for chip in chips])
    got = Network(converted, "converted", threads=1).run(np.stack(chips))[0]
    np.testing.assert_allclose(got, expected, atol=5e-6)


def test_parameters_are_those_of_the_published_architecture(converted):
    def convolution(inputs, outputs, kernel=3):
        return outputs * inputs * kernel**2 + outputs

    levels = [(32, 32, 3), (32, 64, 4), (64, 128, 3), (128, 256, 3), (256, 256, 1)]  # input, output, blocks
    blocks = [
        convolution(inputs if block == 0 else outputs, outputs) + convolution(outputs, outputs)
        for inputs, outputs, count in levels
        for block in range(count)
    ]
    mean_of_the_input = 3
    weights = read_model(converted, "converted").weights.values()
    count = sum(w.size for w in weights if w.dtype == np.float32)
    assert count == mean_of_the_input + convolution(3, 32, 7) + sum(blocks) + 256 * 128


def test_batches_give_what_single_chips_give(converted):
    chips = np.random.default_rng(1).integers(0, 256, (5, 150, 150, 3), np.uint8)
    network = Network(converted, "converted", threads=1)
    together = network.run(chips)[0]
    alone = np.concatenate([network.run(chip[None])[0] for chip in chips])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_cut_short_over_long_and_foreign_files_are_refused(original):
    for damaged in (b"", original[:1], original[:300], original[: len(original) // 2], original[:-1], original + b"x"):
        with pytest.raises(ModelCorrupt, match=r"network\.dat: .* at byte"):
            convert(damaged, "network.dat")
    for foreign in (b"\x89PNG\r\n\x1a\n" + bytes(100), b"PK\x03\x04" + bytes(100), bytes(1000)):
        with pytest.raises(ModelCorrupt):
            convert(foreign, "network.dat")


def test_damaged_headers_raise_only_model_corrupt(original):
    dice = random.Random(0)
    head = bytearray(original[:4000])
    for _ in range(300):
        damaged = bytearray(head)
        for _ in range(dice.randint(1, 4)):
            damaged[dice.randrange(400)] = dice.randrange(256)
        with pytest.raises(ModelCorrupt):
            convert(bytes(damaged), "network.dat")


def test_a_file_cut_anywhere_is_refused_with_the_byte(original):
    dice = random.Random(1)
    for _ in range(40):
        end = dice.randrange(len(original))
        with pytest.raises(ModelCorrupt, match=rf"network\.dat: .* ends after {end} at byte \d+;"):
            convert(original[:end], "network.dat")


def test_a_changed_size_anywhere_is_refused_or_says_nothing_of_the_network(original, converted, monkeypatch):
    places, read = [], DlibReader.integer

    def integer(reader):
        start, value = reader.position, read(reader)
        places.append((start, reader.position))
        return value

    with monkeypatch.context() as patch:
        patch.setattr(DlibReader, "integer", integer)
        convert(original, "network.dat")
    dice = random.Random(2)
    refused = 0
    for _ in range(120):
        start, end = dice.choice(places)
        other = dice.choice(
            [b"\x01\x00", b"\x01\x02", b"\x01\x07", b"\x81\x01", b"\x04\0\0\0\x10", b"\x08" + b"\xff" * 8]
        )
        try:
            assert convert(original[:start] + other + original[end:], "network.dat") == converted
        except ModelCorrupt:
            refused += 1
    assert refused > 40


def test_a_layer_of_another_network_is_refused_by_its_name(original):
    with pytest.raises(ModelCorrupt, match=r"layer 'con_²' does not belong to this network"):
        convert(original.replace(b"con_4", b"con_\xb2", 1), "network.dat")


def test_the_card_says_what_the_network_does(converted):
    card = find_card("dlib-resnet")
    graph = read_model(converted, "converted")
    assert graph.inputs["chips"].shape == ("n", card.input.height, card.input.width, 3)
    assert graph.outputs["embedding"].shape == ("n", card.output.dimensions)
