"""What every benchmark asks, what it is run by, how long it takes, and what it found last.

`python -m benchmarks index` writes the table in README.md from this. Minutes are those of one busy
core, as they were noted when it ran; `figures` are quoted from the benchmark's own README.md.
"""

from __future__ import annotations

from benchmarks.engineering import ENGINEERING
from benchmarks.entries import Benchmark
from benchmarks.methods import METHODS

BENCHMARKS: tuple[Benchmark, ...] = (*METHODS, *ENGINEERING)
