"""MNIST as the files that torchvision reads, made of what is prepared for tensorflow-datasets."""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["write_mnist"]

_BYTES = 8  # the code of unsigned bytes in a file's first number


def write_mnist(root: Path) -> None:
    """Writes the four files of MNIST as they were published, unpacked.

    Args:
        root: what torchvision's `MNIST` is given; files that are there are left alone.
    """
    from tfticket.zoo.tfds import read_prepared

    folder = root / "MNIST" / "raw"
    if (folder / "t10k-labels-idx1-ubyte").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    source = read_prepared("mnist")
    for name, split in (("train", source.train), ("t10k", source.test)):
        _write(folder / f"{name}-images-idx3-ubyte", split.x[..., 0])
        _write(folder / f"{name}-labels-idx1-ubyte", split.y.astype(np.uint8))


def _write(path: Path, array: np.ndarray) -> None:
    head = np.array([_BYTES << 8 | array.ndim, *array.shape], ">i4")
    path.write_bytes(head.tobytes() + np.ascontiguousarray(array, np.uint8).tobytes())
