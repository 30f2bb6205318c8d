"""Experiments: described by a spec, run into a folder, resumed after anything, told honestly."""

__all__: list[str] = []
