"""Reports: data first, then text and pictures."""

from tfticket.reports.profile import LayerProfile, Profile, profile, profile_model
from tfticket.reports.results import Result, Statistic, Summary, best, statistic, summarize
from tfticket.reports.tables import aligned, results_table

__all__ = [
    "LayerProfile",
    "Profile",
    "Result",
    "Statistic",
    "Summary",
    "aligned",
    "best",
    "profile",
    "profile_model",
    "results_table",
    "statistic",
    "summarize",
]
