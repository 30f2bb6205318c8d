"""Report pages: runs as one HTML file that needs no network and no server."""

from tfticket.reports.page.contents import MaskSurvey, ReportedRun
from tfticket.reports.page.document import Page, is_page, plotting_script
from tfticket.reports.page.sections import comparison_section, overview, run_section

__all__ = [
    "MaskSurvey",
    "Page",
    "ReportedRun",
    "comparison_section",
    "is_page",
    "overview",
    "plotting_script",
    "run_section",
]
