"""The inner loop of shading, one pixel at a time; points and directions are tuples, which stay in registers."""

from __future__ import annotations

import numpy as np

from visavis.synthetic.render.compiled import compiled
from visavis.synthetic.render.shadow import light_arriving

_BIAS, _SOFT = 0.0015, 0.004
"""Metres: how far off a surface the shadow test starts, and over which height a shadow fades in."""
_SKY_SHARE, _SKY_SOFT = 0.45, 0.015
"""Share of the ambient light that comes from above on what does not look down, and metres over which its shadows fade
in."""
_WINDOW = 14.0
"""How much brighter than its surroundings a window (lamp, sky between houses) in front of the subject is."""


@compiled
def shade_pixels(  # type: ignore[no-untyped-def]
    pixels, face, weights, vertices, faces, uv, normals, occlusion, texels, levels, pixel, classes, constants,
    ambient, toward, key, eye, shadow, frame, sky, sky_frame, colour, albedo, shading, directions, parsing,
):  # fmt: skip
    """Write colour, albedo, diffuse light, normal and class of each of `pixels`."""
    light, strands = (toward[0], toward[1], toward[2]), constants[9] > 0.0
    window = _unit((0.45 * light[0], 0.45 * light[1] + 0.35, 0.45 * light[2] + 0.75))
    for p in pixels:
        i, j, k = faces[face[p], 0], faces[face[p], 1], faces[face[p], 2]
        a, b = weights[p, 0], weights[p, 1]
        c = 1.0 - a - b
        point, smooth = _mixed(vertices, i, j, k, a, b, c), _unit(_mixed(normals, i, j, k, a, b, c))
        ray = (eye[0] - point[0], eye[1] - point[1], eye[2] - point[2])
        view = _unit(ray)
        along, across, plane, painted = _tangents(vertices, uv, i, j, k)
        if _dot(plane, view) < 0.0 and not strands:  # strands carry the normals of the whole hair, however a lock turns
            smooth = (-smooth[0], -smooth[1], -smooth[2])
        along, across = _flattened(along, smooth), _flattened(across, smooth)
        u = a * uv[i, 0] + b * uv[j, 0] + c * uv[k, 0]
        v = a * uv[i, 1] + b * uv[j, 1] + c * uv[k, 1]
        level = _level(levels, painted, np.sqrt(_dot(plane, plane)), _dot(ray, ray) * pixel * pixel)
        red, green, blue, _, rise_u, rise_v, open_sky, gloss = _sampled(texels, levels, level, u, v)
        bent = _unit(_plus(_plus(smooth, -rise_u, along), -rise_v, across))
        open_sky *= a * occlusion[i] + b * occlusion[j] + c * occlusion[k]
        raised = _plus(point, _BIAS, smooth)
        lit = light_arriving(shadow, frame, raised, smooth, _SOFT)
        hidden = 1.0 - light_arriving(sky, sky_frame, raised, smooth, _SKY_SOFT)
        open_sky *= 1.0 - _SKY_SHARE * min(max(1.0 + 1.4 * smooth[1], 0.0), 1.0) * hidden
        if strands:
            white, tinted = _sheen(_unit(across), smooth, view, light, constants)
        else:
            white, tinted = _highlight(bent, view, light, constants), 0.0
        share, mirror = _mirrored(bent, view, window, constants)
        paint = (red, green, blue)
        for channel in range(3):
            diffuse = _diffuse(channel, smooth, bent, light, open_sky, lit, constants, ambient, key)
            shine = key[channel] * lit * (white + tinted * paint[channel])
            shine += open_sky * share * max(0.0, _linear(ambient, channel, mirror, 1.5))
            colour[p, channel] = paint[channel] * diffuse + gloss * shine
            albedo[p, channel], shading[p, channel], directions[p, channel] = paint[channel], diffuse, smooth[channel]
        row, column = int(v * classes.shape[0]), int(u * classes.shape[1])
        parsing[p] = classes[min(max(row, 0), classes.shape[0] - 1), min(max(column, 0), classes.shape[1] - 1)]


@compiled
def _dot(a, b):  # type: ignore[no-untyped-def]
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@compiled
def _cross(a, b):  # type: ignore[no-untyped-def]
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@compiled
def _plus(a, factor, b):  # type: ignore[no-untyped-def]
    """a + factor * b."""
    return a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]


@compiled
def _unit(a):  # type: ignore[no-untyped-def]
    scale = 1.0 / max(np.sqrt(_dot(a, a)), 1e-20)
    return scale * a[0], scale * a[1], scale * a[2]


@compiled
def _flattened(a, normal):  # type: ignore[no-untyped-def]
    """Unit direction of `a` within the plane of a unit normal."""
    return _unit(_plus(a, -_dot(a, normal), normal))


@compiled
def _mixed(values, i, j, k, a, b, c):  # type: ignore[no-untyped-def]
    return (
        a * values[i, 0] + b * values[j, 0] + c * values[k, 0],
        a * values[i, 1] + b * values[j, 1] + c * values[k, 1],
        a * values[i, 2] + b * values[j, 2] + c * values[k, 2],
    )


@compiled
def _tangents(vertices, uv, i, j, k):  # type: ignore[no-untyped-def]
    """Directions of +u and +v on a triangle, its normal of twice its area, and twice its area in the texture."""
    one = vertices[j, 0] - vertices[i, 0], vertices[j, 1] - vertices[i, 1], vertices[j, 2] - vertices[i, 2]
    two = vertices[k, 0] - vertices[i, 0], vertices[k, 1] - vertices[i, 1], vertices[k, 2] - vertices[i, 2]
    du, dv, eu, ev = uv[j, 0] - uv[i, 0], uv[j, 1] - uv[i, 1], uv[k, 0] - uv[i, 0], uv[k, 1] - uv[i, 1]
    painted = du * ev - dv * eu
    turn = 1.0 if painted >= 0.0 else -1.0
    along = turn * (ev * one[0] - dv * two[0]), turn * (ev * one[1] - dv * two[1]), turn * (ev * one[2] - dv * two[2])
    across = turn * (du * two[0] - eu * one[0]), turn * (du * two[1] - eu * one[1]), turn * (du * two[2] - eu * one[2])
    return along, across, _cross(one, two), abs(painted)


@compiled
def _level(levels, painted, area, square):  # type: ignore[no-untyped-def]
    """The level whose texels are nearest in size to a pixel that covers `square` metres²; level 0 if it is smaller."""
    count = painted * levels[0, 1] * levels[0, 2] * square
    level = 0
    while count > 2.0 * area and level + 1 < levels.shape[0]:
        count *= 0.25
        level += 1
    return level


@compiled
def _sampled(texels, levels, level, u, v):  # type: ignore[no-untyped-def]
    """All channels of a level at (u, v), bilinear; beyond the border the border's texel."""
    start, height, width = levels[level, 0], levels[level, 1], levels[level, 2]
    x, y = min(max(u * width - 0.5, 0.0), width - 1.0), min(max(v * height - 0.5, 0.0), height - 1.0)
    column, row = int(x), int(y)
    s, t = x - column, y - row
    above, below = start + row * width + column, start + min(row + 1, height - 1) * width + column
    right = 1 if column + 1 < width else 0
    a, b, c, d = texels[above], texels[above + right], texels[below], texels[below + right]
    wa, wb, wc, wd = (1.0 - s) * (1.0 - t), s * (1.0 - t), (1.0 - s) * t, s * t
    return (
        wa * a[0] + wb * b[0] + wc * c[0] + wd * d[0], wa * a[1] + wb * b[1] + wc * c[1] + wd * d[1],
        wa * a[2] + wb * b[2] + wc * c[2] + wd * d[2], wa * a[3] + wb * b[3] + wc * c[3] + wd * d[3],
        wa * a[4] + wb * b[4] + wc * c[4] + wd * d[4], wa * a[5] + wb * b[5] + wc * c[5] + wd * d[5],
        wa * a[6] + wb * b[6] + wc * c[6] + wd * d[6], wa * a[7] + wb * b[7] + wc * c[7] + wd * d[7],
    )  # fmt: skip


@compiled
def _linear(ambient, channel, direction, gain):  # type: ignore[no-untyped-def]
    """Constant and linear part of the ambient light from a direction, the latter times `gain`."""
    slope = ambient[1, channel] * direction[1] + ambient[2, channel] * direction[2] + ambient[3, channel] * direction[0]
    return ambient[0, channel] + gain * slope


@compiled
def _diffuse(channel, smooth, bent, light, open_sky, lit, constants, ambient, key):  # type: ignore[no-untyped-def]
    """Diffuse light of a channel: ambient times occlusion, and the key light wrapped around the terminator."""
    x, y, z = bent
    soft = _linear(ambient, channel, bent, 1.0) + ambient[4, channel] * x * y + ambient[5, channel] * y * z
    soft += (
        ambient[6, channel] * (3.0 * z * z - 1.0) + ambient[7, channel] * x * z + ambient[8, channel] * (x * x - y * y)
    )
    # Light that bounces inside a cavity of skin comes out red: green and blue lose more of it.
    warm = 1.0 if channel == 0 else 1.0 - constants[3] * (1.0 - open_sky)
    # Light that spreads under the skin, red most, blurs relief and the edges of shadows.
    wrap = constants[channel]
    spread = min(1.0, 2.0 * wrap)
    facing = (1.0 - spread) * _dot(bent, light) + spread * _dot(smooth, light)
    arriving = lit + spread * lit * (1.0 - lit)
    return max(0.0, soft) * open_sky * warm + key[channel] * max(0.0, facing + wrap) / (1.0 + wrap) * arriving


@compiled
def _highlight(bent, view, light, constants):  # type: ignore[no-untyped-def]
    """Specular radiance per unit of key light: two GGX lobes with the visibility term of Kelemen (2001)."""
    facing, half = _dot(bent, light), _unit(_plus(view, 1.0, light))
    if facing <= 0.0:
        return 0.0
    peak, grazing = max(0.0, _dot(bent, half)) ** 2, max(0.05, _dot(light, half))
    total = 0.0
    for lobe in range(5, 9, 2):
        square, weight = constants[lobe], constants[lobe + 1]
        spread = peak * (square - 1.0) + 1.0
        total += weight * square / (spread * spread)
    fresnel = constants[4] + _gain(constants[4]) * (1.0 - grazing) ** 5
    return total * fresnel * facing / (4.0 * grazing * grazing)


@compiled
def _sheen(strand, smooth, view, light, constants):  # type: ignore[no-untyped-def]
    """White and hair-coloured sheen of strands: two shifted lobes (Kajiya and Kay, 1989; Scheuermann, 2004)."""
    fade = min(1.0, (_dot(smooth, light) + 0.2) / 0.6)
    if fade <= 0.0:
        return 0.0, 0.0
    half = _unit(_plus(view, 1.0, light))
    slope, rise = _dot(strand, half), _dot(smooth, half)
    white = _band((slope - 0.08 * rise) / 1.0032, constants[7])
    tinted = _band((slope + 0.12 * rise) / 1.0072, constants[5])
    return fade * constants[4] * white, 2.0 * fade * constants[4] * tinted


@compiled
def _band(slope, square):  # type: ignore[no-untyped-def]
    """GGX over the angle across strands instead of a power of its sine: peak 1, with a longer tail."""
    spread = (1.0 - slope * slope) * (square - 1.0) + 1.0
    return square * square / (spread * spread)


@compiled
def _mirrored(bent, view, window, constants):  # type: ignore[no-untyped-def]
    """Share of the surroundings' light that is mirrored (fit of Karis, 2014), and the direction it comes from."""
    facing = max(0.0, _dot(bent, view))
    mirror = 2.0 * facing * bent[0] - view[0], 2.0 * facing * bent[1] - view[1], 2.0 * facing * bent[2] - view[2]
    if constants[9] > 0.0:
        return 0.0, mirror
    rough, polish = np.sqrt(np.sqrt(constants[5])), constants[10]
    edge = min((1.0 - rough) ** 2, np.exp(-6.43 * facing)) * (1.0 - rough) + 0.0425 - 0.0275 * rough
    share = constants[4] * (1.04 - 0.572 * rough - 1.04 * edge)
    share += _gain(constants[4]) * (1.04 * edge - 0.04 + 0.022 * rough)
    # What is smooth enough shows the scene: brighter above the horizon, and a window that gives eyes their catch light.
    clear = min(max(8.0 * (polish - 0.68), 0.0), 1.0)
    bright = polish * (1.6 * _step(0.5 + 2.0 * mirror[1]) - 0.8)
    return share * (1.0 + bright + _WINDOW * clear * _step(40.0 * (_dot(mirror, window) - 0.96))), mirror


@compiled
def _step(x):  # type: ignore[no-untyped-def]
    x = min(max(x, 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


@compiled
def _gain(reflectance):  # type: ignore[no-untyped-def]
    """Reflectance gained toward grazing angles: nothing for a material declared free of highlights."""
    return (1.0 - reflectance) * min(1.0, 50.0 * reflectance)
