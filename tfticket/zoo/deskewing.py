"""Small images of written digits, made upright: what weight-agnostic networks are searched on."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfticket.zoo.sources import Source
from tfticket.zoo.splits import Split

__all__ = ["deskewed", "deskewed_source"]


def deskewed_source(source: Source) -> Source:
    """Returns a data set with its images as `deskewed` makes them.

    Args:
        source: of images in one channel, whole numbers to 255.
    """
    splits = {
        name: Split(deskewed(split.x / np.float32(255)), split.y)
        for name, split in (("train", source.train), ("test", source.test))
    }
    notes = "; ".join(filter(None, [source.notes, "images deskewed, 16 x 16 pixels"]))
    return dataclasses.replace(source, **splits, notes=notes)


def deskewed(images: np.ndarray, size: int = 16) -> np.ndarray:
    """Resizes images by bilinear interpolation and shears each so that it stands upright.

    The shear takes the covariance of row and column of an image's mass to 0, about the middle row.

    Args:
        images: `[examples, height, width, 1]`, dark background.
        size: height and width afterwards.

    Returns:
        float32 `[examples, size, size, 1]`.

    References:
        Gaier & Ha 2019, https://arxiv.org/abs/1906.04358, section 5
    """
    small = _resized(_resized(np.asarray(images, np.float32)[..., 0], size, 1), size, 2)
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    mass = np.maximum(small.sum(axis=(1, 2)), 1e-9)
    row, column = ((small * at).sum(axis=(1, 2)) / mass for at in (rows, columns))
    off_row = rows - row[:, None, None]
    variance = (small * off_row**2).sum(axis=(1, 2))
    covariance = (small * off_row * (columns - column[:, None, None])).sum(axis=(1, 2))
    shear = np.where(variance > 1e-4, covariance / np.maximum(variance, 1e-4), 0)
    return _sheared(small, shear.astype(np.float32))[..., np.newaxis]


def _resized(images: np.ndarray, size: int, axis: int) -> np.ndarray:
    length = images.shape[axis]
    at = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
    low = np.floor(at).astype(int)
    share = (at - low).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
    high = np.minimum(low + 1, length - 1)
    return images.take(low, axis) * (1 - share) + images.take(high, axis) * share


def _sheared(images: np.ndarray, shear: np.ndarray) -> np.ndarray:
    """Moves each row sideways, by the shear times its distance from the middle one."""
    size = images.shape[1]
    shift = shear[:, None] * (np.arange(size, dtype=np.float32) - size / 2)
    at = np.arange(size, dtype=np.float32) + shift[:, :, None]
    low = np.floor(at).astype(int)
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1)))

    def taken(columns: np.ndarray) -> np.ndarray:
        return np.take_along_axis(padded, np.clip(columns + 1, 0, size + 1), axis=2)

    share = at - low
    return (taken(low) * (1 - share) + taken(low + 1) * share).astype(np.float32)
