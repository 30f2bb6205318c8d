"""Carrying a recipe out: one run per replicate, the loop over levels, where they are kept."""

from tfticket.recipes.run.context import Run, Task
from tfticket.recipes.run.levels import Event, Plan, levels_of, run_levels
from tfticket.recipes.run.search import SearchResult, search
from tfticket.recipes.run.stores import MemoryStore, Store

__all__ = [
    "Event",
    "MemoryStore",
    "Plan",
    "Run",
    "SearchResult",
    "Store",
    "Task",
    "levels_of",
    "run_levels",
    "search",
]
