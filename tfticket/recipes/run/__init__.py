"""Carrying a recipe out: one run per replicate, the loop over levels, where they are kept."""

from tfticket.recipes.run.context import Run, Task
from tfticket.recipes.run.levels import Branch, Event, Plan, levels_of, run_levels
from tfticket.recipes.run.search import SearchResult, search
from tfticket.recipes.run.stores import MemoryStore, Store, Trainings

__all__ = [
    "Branch",
    "Event",
    "MemoryStore",
    "Plan",
    "Run",
    "SearchResult",
    "Store",
    "Task",
    "Trainings",
    "levels_of",
    "run_levels",
    "search",
]
