"""Our own pipeline taken apart: processor time of every stage, with the networks' share measured where they run."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _machine import Laps
from visavis import images
from visavis.face.detect import DetectionSettings, Detector
from visavis.face.embed import Embedder
from visavis.face.engine import Engine
from visavis.face.quality import quality
from visavis.models import ModelCard, Network, model_bytes
from visavis.types import Faces


class TimedNetwork(Network):
    """A network on one thread that adds up the processor time of its runs."""

    def __init__(self, card: ModelCard) -> None:
        super().__init__(model_bytes(card), card.id, threads=1)
        self.ms = 0.0

    def run(self, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        began = time.process_time()
        outputs = super().run(batch)
        self.ms += 1e3 * (time.process_time() - began)
        return outputs


class Stages:
    """The steps of `Engine.faces` in its order, each with its own clock; one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._networks = [TimedNetwork(card) for card in (engine.detector_card, engine.embedder_card)]
        self._detector = Detector(engine.detector_card, self._networks[0], DetectionSettings())
        self._embedder = Embedder(engine.embedder_card, self._networks[1])

    def run(self, image: bytes) -> tuple[Faces, dict[str, float]]:
        """The faces of a photo, and processor milliseconds of every stage."""
        for network in self._networks:
            network.ms = 0.0
        laps = Laps()
        photo = images.load(image)
        laps.lap("decode")
        found = self._detector.detect(photo.image)
        laps.lap("detect")
        faces = Faces(found.boxes, found.points, found.scores, photo.source, (photo.width, photo.height))
        chips = self._engine.chips(photo, faces)
        laps.lap("align")
        measured = quality(chips, faces.points, faces.scores)
        laps.lap("quality")
        vectors = self._embedder.embed(chips)
        laps.lap("embed")
        described = replace(faces, quality=measured, templates=vectors, model=self._embedder.fingerprint)
        laps.lap("records")
        detector, embedder = (network.ms for network in self._networks)
        ms = laps.ms
        return described, {
            "decode": ms["decode"],
            "scale down, decode boxes": ms["detect"] - detector,
            "detector network": detector,
            "align": ms["align"],
            "quality": ms["quality"],
            "embedder network": embedder,
            "copies and records": ms["embed"] - embedder + ms["records"],
        }


def overhead(stages: dict[str, float]) -> dict[str, float]:
    """What one pass spends outside its networks, as a share of what it spends in them."""
    networks = stages["detector network"] + stages["embedder network"]
    others = sum(stages.values()) - networks
    return {"all_else": others / networks, "all_but_decoding": (others - stages["decode"]) / networks}
