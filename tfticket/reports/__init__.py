"""Reports: data first, then text, pictures and pages.

What measures files imports TensorFlow, so it is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfticket import _lazy
from tfticket.reports.profile import LayerProfile, Profile, profile, profile_model
from tfticket.reports.results import Result, Statistic, Summary, best, statistic, summarize
from tfticket.reports.tables import results_table
from tfticket.reports.topologies import plot_network
from tfticket.tables import aligned

if TYPE_CHECKING:
    from tfticket.reports.file_plots import plot_files
    from tfticket.reports.file_profile import FileProfile, FilesProfile, profile_files

_LATER = {
    "FileProfile": "tfticket.reports.file_profile",
    "FilesProfile": "tfticket.reports.file_profile",
    "plot_files": "tfticket.reports.file_plots",
    "profile_files": "tfticket.reports.file_profile",
}

__all__ = [
    "FileProfile",
    "FilesProfile",
    "LayerProfile",
    "Profile",
    "Result",
    "Statistic",
    "Summary",
    "aligned",
    "best",
    "plot_files",
    "plot_network",
    "profile",
    "profile_files",
    "profile_model",
    "results_table",
    "statistic",
    "summarize",
]


__getattr__ = _lazy.attributes(__name__, _LATER)
