"""Small scenes for the renderer's tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba", reason="the renderer needs the extra `synthetic`")

from visavis.synthetic.render import Camera, Light, Material, Surface


@pytest.fixture
def camera() -> Camera:
    return Camera(24, 20, 26.0, (11.3, 9.1), np.array([0.02, -0.01, 1.0]))


@pytest.fixture
def dull() -> Light:
    """Ambient light of 1 from everywhere, no key light."""
    return Light.simple(base=1.0, up=0.0, front=0.0, strength=0.0)


@pytest.fixture
def plain() -> Callable[..., Material]:
    def build(albedo: Any = (0.5, 0.4, 0.3), size: tuple[int, int] = (1, 1), **constants: Any) -> Material:
        texture = np.broadcast_to(np.asarray(albedo, np.float32), (*size, 3))
        return Material(**{"name": "plain", "albedo": texture, "parsing": 1, "specular": 0.0, **constants})

    return build


@pytest.fixture
def quad(plain: Callable[..., Material]) -> Callable[..., Surface]:
    """A square in the plane z, facing the camera, uv across it."""

    def build(half: float = 0.2, z: float = 0.0, material: Material | None = None, **fields: Any) -> Surface:
        vertices = np.array([(-half, half, z), (-half, -half, z), (half, -half, z), (half, half, z)], np.float32)
        uv = np.array([(0, 0), (0, 1), (1, 1), (1, 0)], np.float32)
        faces = np.array([(0, 1, 2), (0, 2, 3)], np.int32)
        return Surface(vertices, faces, uv, material or plain(), **fields)

    return build


@pytest.fixture
def triangles(plain: Callable[..., Material]) -> Callable[..., Surface]:
    """Random triangles around the origin, each with its own three vertices."""

    def build(count: int, seed: int = 0, **constants: Any) -> Surface:
        rng = np.random.default_rng(seed)
        vertices = rng.uniform(-0.35, 0.35, (3 * count, 3)).astype(np.float32)
        faces = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
        return Surface(vertices, faces, rng.uniform(0, 1, (3 * count, 2)).astype(np.float32), plain(**constants))

    return build
