"""Schedules: how sparse by when. Each is a tfmot `PruningSchedule` with a curve over progress."""

from tfticket.schedules.adoption import as_schedule, get, members
from tfticket.schedules.base import Schedule
from tfticket.schedules.curves import Constant, Linear, OneShot, Polynomial
from tfticket.schedules.exponential import Exponential
from tfticket.schedules.per_path import PerPath
from tfticket.schedules.reach import check_reachable, reachable_sparsity

__all__ = [
    "Constant",
    "Exponential",
    "Linear",
    "OneShot",
    "PerPath",
    "Polynomial",
    "Schedule",
    "as_schedule",
    "check_reachable",
    "get",
    "members",
    "reachable_sparsity",
]
