"""`tfticket find`: what a command line means."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from tfticket.cli.app import app
from tfticket.experiments.spec import ExperimentSettings, Spec

FIND = ["find", "lottery_ticket", "--model", "lenet_300_100", "--data", "digits"]
FIND += ["--sparsity", "0.5"]
QUICK = ["--pruning-rate", "0.5", "--num-steps", "5", "--steps-per-execution", "1"]


def invoke(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def given(tmp_path, monkeypatch, *arguments):
    """The spec a command line means."""
    specs = []

    def remembered(spec, out, **options):
        specs.append(spec)
        raise KeyboardInterrupt

    monkeypatch.setattr("tfticket.experiments.runner.run", remembered)
    done = invoke(*arguments, "--out", tmp_path / "run")
    assert specs, done.output
    return specs[0]


SETTINGS = {
    "model": "m:f",
    "data": "digits",
    "recipe": "late_rewinding",
    "keras": "tf_keras",
    "pruning_rate": 0.2,
    "output_pruning_rate": 0.1,
    "rounds": 3,
    "scope": "layer",
    "score": "magnitude",
    "rewind_to": "500it",
    "granularity": "4x1",
    "examples_per_class": 3,
    "prunable": ["dense"],
    "exclude": ["output"],
    "kinds": ("kernel", "other"),
    "num_steps": 1000,
    "batch_size": 60,
    "optimizer": "SGD",
    "learning_rate": 0.1,
    "steps_per_execution": 10,
    "eval_every": 100,
    "class_weight": {0: 1.0, 1: 2.5},
    "callbacks": "builtins:list",
    "seed": 5,
    "replicates": 2,
    "distribution": "mirrored",
    "validation_size": 0.25,
    "controls": ("reshuffle", "shuffle_mask"),
    "control_levels": (1, 3),
    "export": (),
    "tflite_sparse": "none",
}


def test_every_setting_has_a_flag(tmp_path, monkeypatch):
    def written(value):
        if isinstance(value, list):
            return value[0]
        if isinstance(value, dict):
            return json.dumps(value)
        return (",".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value)

    others = {n: value for n, value in SETTINGS.items() if n != "recipe"}
    flags = [(f"--{n.replace('_', '-')}", written(value)) for n, value in others.items()]
    arguments = ["find", "late_rewinding", "--jit-compile", *(p for flag in flags for p in flag)]
    spec = Spec(**SETTINGS, jit_compile=True)
    assert given(tmp_path, monkeypatch, *arguments) == spec
    fields = {*type(spec.recipe).model_fields, *ExperimentSettings.model_fields}
    assert fields - set(SETTINGS) == {"sparsity", "jit_compile"}


def test_rates_by_path_are_given_as_json(tmp_path, monkeypatch):
    rates = ["--rounds", "2", "--pruning-rate", '{"output": 0.1, ".*": 0.2}']
    spec = given(tmp_path, monkeypatch, *FIND[:6], *rates)
    assert spec.recipe.pruning_rate == {"output": 0.1, ".*": 0.2}


def test_steps_may_be_numbers(tmp_path, monkeypatch):
    assert given(tmp_path, monkeypatch, *FIND, "--rewind-to", "0").recipe.rewind_to == 0


def test_flags_overrule_the_config_file(tmp_path, monkeypatch):
    config = tmp_path / "spec.yaml"
    config.write_text("model: m:f\ndata: digits\nsparsity: 0.5\nseed: 1\n")
    for arguments in (["lottery_ticket", "--config", config], [config]):
        spec = given(tmp_path, monkeypatch, "find", *arguments, "--seed", "2")
        assert (spec.common.model, spec.common.seed) == ("m:f", 2)


def test_none_can_be_said(tmp_path, monkeypatch):
    none = ["--controls", "none", "--export", "none", "--initial-scale", "none"]
    spec = given(tmp_path, monkeypatch, "find", "slimming", *FIND[2:6], *none)
    assert (spec.common.controls, spec.common.export, spec.recipe.initial_scale) == ((), (), None)


def test_a_dry_run_says_what_is_to_be_expected_and_writes_nothing(tmp_path):
    out = tmp_path / "run"
    done = invoke(*FIND, *QUICK, "--replicates", "3", "--out", out, "--dry-run", "--json")
    assert done.exit_code == 0, done.output
    expected = json.loads(done.stdout)
    # Dense, ticket and two controls, three times.
    assert (expected["num_levels"], expected["num_trainings"]) == (2, 12)
    assert expected["num_steps"] == 5 and min(expected["seconds"], expected["bytes_on_disk"]) > 0
    assert not out.exists()


def test_demo_is_find_with_a_ready_made_spec(tmp_path, monkeypatch):
    spec = given(tmp_path, monkeypatch, "demo")
    assert (spec.common.data, spec.recipe.sparsity) == ("digits", 0.9)
    assert spec.common.controls == ("reinitialize", "random_sparse")
    assert spec.common.replicates >= 2  # or there would be no standard deviation
