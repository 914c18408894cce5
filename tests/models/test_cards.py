from __future__ import annotations

import copy

import pytest
import tomli_w

from visavis.errors import CardError, ModelNotFound
from visavis.models import cards, default_cards, find_card
from visavis.models.card import parse_card
from visavis.models.registry import builtin_cards, unreadable_cards, user_cards
from visavis.models.verify import reference_pattern


@pytest.fixture
def fields():
    return copy.deepcopy(find_card("dlib-resnet").model_dump(mode="json", exclude_none=True))


def test_built_in_cards_are_whole():
    built_in = builtin_cards()
    assert set(built_in) == {"centerface", "dlib-resnet", "dlib-landmarks5", "dlib-landmarks68"}
    for name, card in built_in.items():
        assert card.id == name
        assert card.licence.text.strip()
        assert card.licence.training_data
        assert card.reference is not None
        assert card.fingerprint == f"{name}@{card.source.sha256[:12]}"


def test_default_models_need_no_consent():
    assert all(card.licence.commercial_use != "no" for card in default_cards())


def test_the_default_embedder_is_calibrated_for_both_settings():
    card = find_card("dlib-resnet")
    assert set(card.calibration) == {"plain", "flip"}
    for calibration in card.calibration.values():
        assert calibration.fmr[0][0] <= 1e-5
        assert calibration.nonmated * calibration.fmr[0][0] >= 10


def test_a_card_read_back_from_its_fields_is_the_same(fields):
    assert parse_card(fields, "copy") == find_card("dlib-resnet")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": "Bad Name"}, "id:"),
        ({"task": "sing"}, "task:"),
        ({"colour": "red"}, "colour: Extra inputs"),
        ({"alignment": None}, "an embedder needs alignment"),
        ({"source": {"sha256": "0" * 63, "path": "x"}}, "source.sha256:"),
        ({"source": {"sha256": "0" * 64}}, "give exactly one of package, path and url"),
        ({"source": {"sha256": "0" * 64, "path": "x", "url": "y"}}, "give exactly one of package, path and url"),
        ({"source": {"sha256": "0" * 64, "package": "x"}}, "a package source needs version"),
        ({"task": "detect"}, "the task 'detect' needs output.decoder centerface or scrfd"),
        ({"input": {"layout": "nchw-float32", "width": 1, "height": 1, "std": [1, 0, 1]}}, "input.std.1: Input should"),
        ({"input": {"layout": "nchw-float32", "width": -1, "height": 1}}, "input.width: Input should"),
        (
            {"reference": {"values": [1], "tolerance": float("nan"), "made_by": "x"}},
            "reference.tolerance: Input should",
        ),
        ({"licence": {"name": "x", "text": "x", "training_data": "x"}}, "licence.commercial_use: Field required"),
    ],
)
def test_what_is_wrong_with_a_card_is_named(fields, change, problem):
    with pytest.raises(CardError, match="model card mine") as caught:
        parse_card({**fields, **change}, "mine")
    assert problem in str(caught.value)


def test_a_wrong_name_is_answered_with_the_nearest():
    with pytest.raises(ModelNotFound, match="did you mean dlib-resnet"):
        find_card("dlib-resnt")
    with pytest.raises(ModelNotFound, match=r"no model is called None; did you mean centerface, dlib-"):
        find_card(None)


def test_a_broken_card_is_named_and_takes_no_other_model_away(tmp_path, monkeypatch):
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path))
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "broken.toml").write_text("id = [")
    assert cards() == builtin_cards()
    with pytest.raises(CardError, match=r"broken\.toml.*mend or delete"):
        find_card("broken")
    assert list(unreadable_cards()) == ["broken.toml"]


def test_own_cards_cannot_replace_built_in_ones(tmp_path, monkeypatch, fields):
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path))
    (tmp_path / "cards").mkdir()
    fields["title"] = "an impostor"
    (tmp_path / "cards" / "dlib-resnet.toml").write_text(tomli_w.dumps(fields))
    assert user_cards()["dlib-resnet"].title == "an impostor"
    assert find_card("dlib-resnet") == cards()["dlib-resnet"] == builtin_cards()["dlib-resnet"]


def test_the_reference_pattern_never_changes():
    pattern = reference_pattern(96)
    assert (pattern.shape, int(pattern.sum()), int(pattern[17, 41, 2])) == ((96, 96, 3), 3523236, 200)
