"""Makes `python -m tfticket` the same as the command `tfticket`."""

from tfticket.cli import main

__all__ = []

if __name__ == "__main__":
    main()
