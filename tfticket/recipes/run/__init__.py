"""Carrying a recipe out: one run per replicate, the loop over levels, where they are kept."""

from tfticket.recipes.run.context import Run, Task
from tfticket.recipes.run.levels import Part, Parts, parts_of, run_levels, run_part
from tfticket.recipes.run.plans import Plan
from tfticket.recipes.run.replicates import Event, levels_of
from tfticket.recipes.run.search import SearchResult, search
from tfticket.recipes.run.stores import MemoryStore, Store, Trainings

__all__ = [
    "Event",
    "MemoryStore",
    "Part",
    "Parts",
    "Plan",
    "Run",
    "SearchResult",
    "Store",
    "Task",
    "Trainings",
    "levels_of",
    "parts_of",
    "run_levels",
    "run_part",
    "search",
]
