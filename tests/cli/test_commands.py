"""The list of commands, each imported when it is asked for."""

from __future__ import annotations

import subprocess
import sys

from typer.main import get_command
from typer.testing import CliRunner

from tfticket.cli.app import app


def test_every_module_with_a_command_is_in_the_list():
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert len(commands) == 23
    assert next(iter(commands)) == "demo" and list(commands)[-1] == "find"
    assert all(commands[name].name == name for name in commands)


def test_a_name_that_is_none_is_told_with_one_that_is_near():
    done = CliRunner().invoke(app, ["shw"])
    assert done.exit_code == 2
    assert "Did you mean 'show'?" in done.output


def test_a_command_is_run_without_the_others():
    code = (
        "import sys\nfrom tfticket.cli.app import app\n"
        "app(['list'], standalone_mode=False)\n"
        "loaded = [m for m in sys.modules if m.startswith('tfticket.cli.')]\n"
        "assert 'tfticket.cli.list' in loaded and 'tfticket.cli.compress' not in loaded, loaded\n"
        "assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
