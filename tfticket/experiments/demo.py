"""The experiment of `tfticket demo`: a lottery ticket on the digits data in a minute or two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["DEMO"]

#: Settings of a `Spec`.
DEMO: Mapping[str, Any] = {
    "model": "lenet_300_100",
    "data": "digits",
    "recipe": "lottery_ticket",
    "sparsity": 0.9,
    "num_steps": 1_000,
    "replicates": 3,
    "controls": ("reinitialize", "random_sparse"),
}
