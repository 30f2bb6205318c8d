"""Loads a `.keras` file that was just written, and says what anybody else needs to do so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tfticket import _keras
from tfticket.cloning import own_objects
from tfticket.errors import ExportError

__all__ = ["reload"]


def reload(model: Any, path: Path, run: Callable[[Any], Any]) -> tuple[Any, list[str]]:
    """Loads a file as anybody would, or else with the user's own objects and their code.

    Args:
        model: what the file was written of.
        path: of the file.
        run: calls the loaded model: code from a file may load and then not run.

    Returns:
        `(found, notes)`: what `run` returned, and what it takes to load the file.

    Raises:
        ExportError: if the model holds objects of the user's own that Keras does not read back, by
            the names of the layers.
    """
    own = own_objects(model)
    custom = {name: held for objects in own.values() for name, held in objects.items()}
    custom.pop("<lambda>", None)
    ways: list[dict[str, Any]] = [{}]
    if own:
        ways += [{"custom_objects": custom}, {"custom_objects": custom, "safe_mode": False}]
    for number, options in enumerate(ways, 1):
        try:
            loaded = _keras.load_model(model, path, trust=True, compile=False, **options)
            return run(loaded), [*_ours(model), *_notes(own, options)]
        except Exception as error:
            if number < len(ways):
                continue
            if not own:
                raise
            raise ExportError(
                f"Keras cannot read back what these layers hold of your own: {list(own)}. Make a"
                " layer with a `get_config` of it, or write `export.savedmodel`."
                f" {type(error).__name__}: {' '.join(str(error).split())[:200]}"
            ) from error
    raise AssertionError("one of the ways returns or raises")


def _ours(model: Any) -> list[str]:
    """What a program must have imported to know the layers of this package in a model."""
    homes = {type(layer).__module__ for _, layer, _ in _keras.walk(model)}
    names = sorted({".".join(h.split(".")[:2]) for h in homes if h.startswith("tfticket.")})
    return [f"loads only where {' and '.join(names)} was imported"] if names else []


def _notes(own: Mapping[str, Any], options: Mapping[str, Any]) -> list[str]:
    needed = (
        [f"custom_objects for {names}"]
        if (names := sorted(options.get("custom_objects", {})))
        else []
    )
    if "safe_mode" in options:
        needed.append(f"safe_mode=False: it holds code of {list(own)}, which whoever loads it runs")
    return [f"loads only with {' and '.join(needed)}"] if needed else []
