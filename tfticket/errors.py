"""The errors a caller may want to catch; everything else is `ValueError` or `TypeError`."""

from __future__ import annotations

__all__ = [
    "CorruptFileError",
    "DataUnavailableError",
    "EnforcementError",
    "ExportError",
    "FormatError",
    "LayerCollapseError",
    "MismatchError",
    "MissingDependencyError",
    "NotFiniteError",
    "SettingsError",
    "TicketError",
    "UnreachableSparsityError",
]


class TicketError(Exception):
    """The common base of every error that tfticket defines."""


class CorruptFileError(TicketError):
    """A file does not hold what its manifest says; the message names the file."""


class FormatError(TicketError):
    """A file or folder is of a format that this version does not read; the message says which."""


class MismatchError(TicketError, ValueError):
    """Two things that must have the same weight paths and shapes do not."""


class UnreachableSparsityError(TicketError, ValueError):
    """A schedule's target cannot be reached in the steps that are planned."""


class LayerCollapseError(TicketError, ValueError):
    """A layer would keep nothing while others keep something; the message names it."""


class SettingsError(TicketError, TypeError, ValueError):
    """A configuration has a setting that its name does not have, or lacks one; it is named."""


class EnforcementError(TicketError, RuntimeError):
    """A pruned weight changed although its mask forbids it."""


class ExportError(TicketError, RuntimeError):
    """No file that passes verification could be written."""


class NotFiniteError(TicketError, ArithmeticError):
    """A network's loss or weights are not finite after a training; the message says which."""


class DataUnavailableError(TicketError, RuntimeError):
    """A data set is not on this machine; the message says how to get it."""


class MissingDependencyError(TicketError, ImportError):
    """A library is missing; the message says what brings it.

    Args:
        library: import name of the missing library.
        extra: name of the tfticket extra that installs it.
        purpose: what it is needed for, as in "to plot".
        reason: what is the matter with it.
        packages: what to install by pip, if not the extra.
    """

    def __init__(
        self,
        library: str,
        extra: str = "",
        purpose: str = "",
        reason: str = "is not installed",
        packages: str = "",
    ):
        needed = f" {purpose}" if purpose else ""
        packages = packages or f'"tfticket[{extra}]"'
        super().__init__(
            f"`{library}` is needed{needed} and {reason}. Install it with: pip install {packages}"
        )
        self.library = library
        self.extra = extra
