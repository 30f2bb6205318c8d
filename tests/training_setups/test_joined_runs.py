"""Runs that two workers train together: two processes that talk over the loopback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.training_setups.cluster import run_workers
from tests.training_setups.joined_runs import SETTINGS
from tfticket.experiments.opening import open_run
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec

SCRIPT = Path(__file__).with_name("joined_runs.py")


@pytest.mark.long
def test_two_workers_go_on_where_one_was_lost_and_find_what_one_program_finds(tmp_path):
    together, alone = tmp_path / "together", tmp_path / "alone"
    codes, said = run_workers(SCRIPT, [(together, "stopped"), (together, "whole")])
    assert codes == [9, 1], said
    assert "another worker is lost" in said[1]
    (dense,) = (together / "metrics.jsonl").read_text().splitlines()
    codes, said = run_workers(SCRIPT, [(together, "whole"), (together, "whole")])
    assert codes == [0, 0], said[0][-2000:]
    lines = (together / "metrics.jsonl").read_text().splitlines()
    assert lines[0] == dense
    assert len(lines) == 3
    run(Spec(**SETTINGS), alone)
    one, other = open_run(together), open_run(alone)
    for mine, its in zip(one.results, other.results, strict=True):
        assert (mine.arm, mine.round, mine.num_kept) == (its.arm, its.round, its.num_kept)
        for name, value in its.metrics.items():
            np.testing.assert_allclose(mine.metrics[name], value, rtol=1e-5)
    for path, mask in other.level().masks.items():
        np.testing.assert_array_equal(one.level().masks[path], mask)
