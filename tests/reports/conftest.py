"""Run folders of made-up figures, for what reads runs."""

from __future__ import annotations

import functools

import numpy as np
import pytest

SPLITS = ("validation", "test")


@pytest.fixture
def written_run(tmp_path):
    """Writes a run folder of made-up figures without training: `written_run("name", rounds=1)`."""
    return functools.partial(_write_run, tmp_path)


def _write_run(root, name="run", *, rounds=2, replicates=2, layers=2, finished=True, **options):
    from tfticket.experiments.environment import environment
    from tfticket.experiments.records import ENVIRONMENT, SPEC, write_record
    from tfticket.experiments.run_folder import RunFolder
    from tfticket.experiments.spec import Spec
    from tfticket.reports.outcome import Outcome, choose

    folder = RunFolder(root / name)
    folder.root.mkdir(parents=True)
    settings = {"model": "lenet_300_100", "data": "digits", **options.pop("settings", {})}
    write_record(folder.root / SPEC, Spec(**settings, replicates=max(replicates, 1)).to_dict())
    write_record(folder.root / ENVIRONMENT, environment())
    for replicate in range(replicates):
        for round_ in range(rounds + 1):
            arms = ["ticket"] + options.get("controls", ["reinitialize"]) * (round_ == rounds)
            for arm in ["dense"] if round_ == 0 else arms:
                _write_level(folder, replicate, round_, arm, layers, options)
    if finished:
        results = tuple(folder.results())
        files = {"model.tflite": 900, "ticket": 100}
        for file in files:
            (folder.root / file).touch()
        exports = {"model.tflite": {"gzip_bytes": 500, "dense_file_bytes": 1800}}
        notes = {"notes": tuple(options.get("notes", ())), "exports": exports}
        folder.keep_outcome(Outcome(results, choose(results), files, **notes))
    return folder.root


def _write_level(folder, replicate, round_, arm, layers, options):
    from tfticket.levels import Level
    from tfticket.masks import Masks
    from tfticket.reports.results import Result
    from tfticket.rewinding import TrainingState
    from tfticket.tickets import Ticket

    kept = 64 >> round_
    mask = (np.arange(64) < kept).reshape(8, 8)
    masks = {f"{options.get('layer', 'layer')}_{n}/kernel": mask for n in range(layers)}
    weights = {path: np.ones((8, 8), np.float32) for path in masks}
    value = 0.9 - 0.1 * round_ - 0.01 * replicate - 0.2 * (arm == "reinitialize")
    value = options.get("value", lambda v, *_: v)(value, replicate, round_, arm)
    metrics = {
        f"{split}_{n}": value for n in options.get("metrics", ["accuracy"]) for split in SPLITS
    }
    curve = {"step": [1, 2], **{n: [0.5, v] for n, v in metrics.items() if "validation" in n}}
    log = {"end_step": 2, "early_stop_step": 2, "curve": curve} if options.get("curve", 1) else {}
    counts = {"num_kept": kept * layers, "num_weights": 64 * layers}
    result = Result(
        replicate, round_, arm, replicate, 1 - kept / 64, **counts, metrics=metrics, log=log
    )
    state = TrainingState(weights)
    level = Level(round_, Ticket(Masks(masks), weights), state, log=log, states={0: state})
    keep = folder.keep_level if arm in ("dense", "ticket") else folder.keep_control
    keep(level, result)
