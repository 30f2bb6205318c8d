"""The command that makes a run, made of its settings."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfticket.experiments.spec import ExperimentSettings
from tfticket.recipes import RECIPES

__all__ = ["command_of"]


def command_of(changed: Mapping[str, Any], out: str | Path) -> str:
    """Returns the command that makes a run of these settings, as a shell takes it.

    >>> command_of({"recipe": "mine.py:Own", "num_steps": 9, "data": "my data.py:f"}, "runs/a")
    "tfticket find mine.py:Own --num-steps 9 --data 'my data.py:f' --out runs/a"

    Args:
        changed: settings that are not at their defaults, as `OpenRun.changed` returns them, the
            recipe among them.
        out: the run folder.
    """
    recipe = str(changed["recipe"])
    kind = RECIPES.get(recipe)
    fields = {**ExperimentSettings.model_fields, **(kind.model_fields if kind else {})}
    words = ["tfticket", "find", recipe]
    for name, value in changed.items():
        if name != "recipe":
            extra: Any = fields[name].json_schema_extra if name in fields else None
            words += _flag(name, value, bool((extra or {}).get("repeated")))
    return shlex.join([*words, "--out", str(out)])


def _flag(name: str, value: Any, is_repeated: bool) -> list[str]:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    if is_repeated and isinstance(value, list):
        return [word for each in value for word in (f"--{flag}", str(each))]
    return [f"--{flag}", _text(value)]


def _text(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)
