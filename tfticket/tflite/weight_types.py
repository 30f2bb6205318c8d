"""Types that a file's weights can have."""

from __future__ import annotations

from typing import Literal

__all__ = ["WeightType"]

#: `"dynamic"` has integer weights and computes with floats; `"int8"` computes with integers, too.
WeightType = Literal["float32", "float16", "dynamic", "int8"]
