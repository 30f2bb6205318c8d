"""The command line: one command per file; `tfticket --help` lists them."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Runs the command line; its libraries are imported here, TensorFlow only by commands."""
    try:
        from tfticket.cli.app import app
        from tfticket.cli.loading import quieten_tensorflow
    except ImportError as error:
        sys.exit(
            f"tfticket: the command line needs a library that is not installed: {error}\n"
            'Install it with: pip install "tfticket[cli,config]"'
        )
    quieten_tensorflow()
    app()
