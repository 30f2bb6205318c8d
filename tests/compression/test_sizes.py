"""Which of many amounts is the first whose file fits."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tfticket.compression.budget import Budget
from tfticket.compression.sizes import Sizes
from tfticket.compression.treatment import Treatment

LADDER = [Treatment(channels=k / 20) for k in range(1, 20)]


def sizes_of(budget):
    """Sizes and times that are known beforehand: they go down by a twentieth, from 1000 and 10."""
    known = {
        f"{one.name}-int8": {
            "file_bytes": round(1000 * (1 - one.channels)),
            "gzip_bytes": round(500 * (1 - one.channels)),
            "milliseconds": 10 * (1 - one.channels),
        }
        for one in LADDER
    }
    asked = []

    def get(kind, name):
        asked.append(name)
        return known[name]

    workshop = SimpleNamespace(store=SimpleNamespace(get=get))
    return Sizes(workshop, None, None, budget), asked


@pytest.mark.parametrize(
    ("budget", "first"),
    [
        (Budget(max_bytes=600), 0.4),
        (Budget(max_bytes=601), 0.4),
        (Budget(max_bytes=599), 0.45),
        (Budget(max_bytes=300, size_of="gzip"), 0.4),
        (Budget(max_latency=2.6), 0.75),
        (Budget(max_bytes=900, max_latency=2.6), 0.75),
        (Budget(max_bytes=5000), 0.05),
        (Budget(max_bytes=1), 0.95),
    ],
)
def test_the_least_that_fits_is_found_by_bisection(budget, first):
    sizes, asked = sizes_of(budget)
    assert LADDER[sizes.first_that_fits(LADDER, "int8")].channels == pytest.approx(first)
    assert len(asked) <= 5


def test_without_a_limit_it_is_the_middle_and_nothing_is_measured():
    sizes, asked = sizes_of(Budget(max_drop=0.1))
    assert sizes.first_that_fits(LADDER, "int8") == len(LADDER) // 2
    assert asked == []
