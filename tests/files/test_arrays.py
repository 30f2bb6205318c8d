from __future__ import annotations

import hashlib

import ml_dtypes
import numpy as np
import pytest

from tfticket.files import digest


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.arange(6).reshape(2, 3).T,
        np.float64(3),
        np.zeros((0, 4), np.int8),
        np.arange(3).astype(ml_dtypes.bfloat16),
        np.array(["a", "bc"]),
        np.array([True, False]),
    ],
    ids=lambda a: f"{a.dtype}{list(a.shape)}",
)
def test_a_digest_is_over_names_types_shapes_and_bytes(array):
    stated = f"w:{array.dtype}:{array.shape};".encode() + array.tobytes()
    assert digest({"w": array}) == hashlib.sha256(stated).hexdigest()


def test_a_digest_depends_on_every_part_and_not_on_the_order():
    one = {"a": np.ones(2), "b": np.zeros(2)}
    assert digest(one) == digest(dict(reversed(one.items())))
    others = [
        {"a": np.ones(2), "c": np.zeros(2)},
        {"a": np.ones((2, 1)), "b": np.zeros(2)},
        {"a": np.ones(2, np.float32), "b": np.zeros(2)},
        {"a": np.ones(2), "b": -np.zeros(2)},
    ]
    assert digest(one) not in [digest(other) for other in others]
