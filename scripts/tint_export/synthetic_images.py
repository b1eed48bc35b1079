# SPDX-License-Identifier: Apache-2.0
"""Synthetic images for fitting small models: smooth backgrounds with coloured shapes, made with numpy from a seed."""

import numpy as np


def _backgrounds(rng, count, grid):
    """A gradient of two colours in a random direction, plus a low-frequency wave: [N, 3, S, S] in 0..1."""
    y, x = grid
    angle = rng.uniform(0, 2 * np.pi, (count, 1, 1, 1))
    ramp = (np.cos(angle) * x + np.sin(angle) * y) / 2 + 0.5
    first, second = rng.uniform(0, 1, (2, count, 3, 1, 1))
    waves = rng.uniform(1, 6, (2, count, 1, 1, 1))
    phase = rng.uniform(0, 2 * np.pi, (count, 1, 1, 1))
    wave = 0.08 * np.sin(waves[0] * x + waves[1] * y + phase)
    return first + (second - first) * ramp + wave


def _distance(kind, u, v):
    """Approximate signed distance (negative inside) to unit shapes."""
    distances = [
        np.hypot(u, v) - 1,  # disk
        np.maximum(abs(u), abs(v)) - 0.8,  # square
        np.maximum(abs(u) * 0.87 + v * 0.5, -v) - 0.5,  # triangle
        abs(np.hypot(u, v) - 0.75) - 0.25,  # ring
        np.minimum(np.maximum(abs(u) - 0.3, abs(v) - 1), np.maximum(abs(v) - 0.3, abs(u) - 1)),  # cross
    ]
    return np.choose(kind, distances)


def synthetic_images(seed, count, side, shapes=2):
    """float32 [count, 3, side, side] in 0..1: backgrounds with `shapes` rotated shapes of two colours each."""
    rng = np.random.Generator(np.random.PCG64(seed))
    axis = (np.arange(side) + 0.5) / side * 2 - 1
    y, x = axis[:, None], axis[None, :]
    images = _backgrounds(rng, count, (y, x))
    for _ in range(shapes):
        column = (count, 1, 1)
        kind = rng.integers(0, 5, column)
        centre = rng.uniform(-0.6, 0.6, (2, *column))
        size = rng.uniform(0.25, 0.7, column)
        angle = rng.uniform(0, 2 * np.pi, column)
        u = (np.cos(angle) * (x - centre[0]) + np.sin(angle) * (y - centre[1])) / size
        v = (np.cos(angle) * (y - centre[1]) - np.sin(angle) * (x - centre[0])) / size
        # Edges are antialiased over about one pixel.
        alpha = np.clip(0.5 - _distance(kind, u, v) * size * side / 2, 0, 1)[:, None]
        colours = rng.uniform(0, 1, (2, count, 3, 1, 1))
        colour = colours[0] + (colours[1] - colours[0]) * np.clip(v[:, None] * 0.25 + 0.25, 0, 1)
        images = images * (1 - alpha) + colour * alpha
    return np.clip(images, 0, 1).astype(np.float32)
