"""Reports: data first, then text and pictures."""

from tfticket.reports.file_plots import plot_files
from tfticket.reports.file_profile import FileProfile, FilesProfile, profile_files
from tfticket.reports.profile import LayerProfile, Profile, profile, profile_model
from tfticket.reports.results import Result, Statistic, Summary, best, statistic, summarize
from tfticket.reports.tables import results_table
from tfticket.reports.topologies import plot_network
from tfticket.tables import aligned

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
