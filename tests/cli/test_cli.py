from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.networks import SMALL_CONV
from tfticket.cli.app import app
from tfticket.experiments.records import FORMAT
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.shrinking import shrink_saved

FIND = [
    "find",
    "lottery_ticket",
    "--model",
    "lenet_300_100",
    "--data",
    "digits",
    "--sparsity",
    "0.5",
]
QUICK = ["--pruning-rate", "0.5", "--num-steps", "5", "--steps-per-execution", "1"]


def invoke(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="module", params=["keras", "tf_keras"])
def found(request, tmp_path_factory):
    """A finished run with all its files, and what the command printed."""
    root = tmp_path_factory.mktemp("runs") / "first"
    return root, invoke(*FIND, *QUICK, "--keras", request.param, "--out", root, "--json")


def test_find_prints_json_alone_and_progress_beside_it(found):
    _, done = found
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    assert [r["arm"] for r in printed["results"]] == [
        *("dense", "ticket", "reinitialize", "random_sparse")
    ]
    assert "[4/4] replicate 0: random_sparse at sparsity 0.5000" in done.stderr


def test_find_leaves_the_files_it_promises(found):
    root, done = found
    files = json.loads(done.stdout)["files"]
    assert set(files) == {
        *("ticket", "model.keras", "saved_model", "model.tflite", "accuracy_vs_sparsity.png")
    }
    assert all((root / name).exists() and size > 0 for name, size in files.items())
    assert json.loads(done.stdout)["skipped"] == {}
    report = json.loads((root / "report.json").read_text())
    assert {n: report.pop(n) for n in ("format", "record", "sha256", "products")}[
        "format"
    ] == FORMAT
    assert report == json.loads(done.stdout)


def test_the_tflite_file_was_run_on_256_inputs_before_it_was_kept(found):
    report = json.loads(found[1].stdout)["exports"]["model.tflite"]
    assert report["num_samples"] == 256
    assert {check["reference"] for check in report["verification"]} >= {"keras"}


def test_the_same_command_again_only_reads(found):
    root, done = found
    keras = RunFolder(root).spec().common.keras
    again = invoke(*FIND, *QUICK, "--keras", keras, "--out", root, "--json")
    assert again.stdout == done.stdout
    assert "trained" not in again.stderr


def test_show_prints_a_run_with_its_test_accuracies(found):
    done = invoke("show", found[0])
    assert "dense_1/kernel  64x300" in done.stdout
    assert "compression ratio 2.00" in done.stdout
    assert "test accuracy" in done.stdout
    assert "model.tflite" in done.stdout


def test_show_prints_a_ticket(found):
    done = invoke("show", found[0] / "ticket", "--json")
    shown = json.loads(done.stdout)
    assert shown["profile"]["sparsity"] == 0.5
    assert [row["path"] for row in shown["profile"]["layers"]] == [
        *("dense_1/kernel", "dense_2/kernel", "output/kernel")
    ]


def test_export_writes_any_level(found, tmp_path):
    to = tmp_path / "dense.tflite"
    done = invoke("export", found[0], "--to", "tflite", "--out", to, "--level", 0)
    assert done.exit_code == 0, done.output
    assert to.stat().st_size > (found[0] / "model.tflite").stat().st_size


def test_export_of_a_level_that_does_not_exist_is_refused(found, tmp_path):
    done = invoke("export", found[0], "--to", "keras", "--out", tmp_path / "a.keras", "--level", 9)
    assert done.exit_code == 1
    assert "--level must be one of [0, 1]" in done.stderr


def test_export_of_a_ticket_alone_says_what_to_give(found):
    done = invoke("export", found[0] / "ticket", "--to", "keras")
    assert done.exit_code == 1
    assert "PATH must be a run folder" in done.stderr


def test_an_error_is_a_line_and_a_code(tmp_path):
    wrong = ["--model", "a", "--data", "b", "--sparsity", "90"]
    done = invoke("find", "lottery_ticket", *wrong, "--out", tmp_path)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: --sparsity must be less than 1")
    assert "Traceback" not in done.output


def test_debug_shows_the_traceback(tmp_path):
    done = invoke("--debug", "find", "snip", "--sparsity", "90", "--out", tmp_path)
    assert isinstance(done.exception, ValueError)


def test_show_of_something_else_is_an_error(tmp_path):
    done = invoke("show", tmp_path)
    assert done.exit_code == 1
    assert "PATH must be the folder of a ticket or a run" in done.stderr


def test_a_wrong_flag_is_a_usage_error():
    assert invoke("find", "snip", "--no-such-flag").exit_code == 2
    assert invoke("find", "--no-such-flag").exit_code == 2


def test_an_unknown_recipe_is_told_with_those_there_are():
    done = invoke("find", "magic")
    assert done.exit_code == 2
    assert "early_bird" in done.output and "file.py:Class" in done.output


def test_interrupted_it_says_how_to_go_on(tmp_path, monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("tfticket.experiments.runner.run", interrupted)
    done = invoke(*FIND, *QUICK, "--out", tmp_path / "run")
    assert done.exit_code == 130
    assert "the same command goes on" in done.stderr.replace("\n", " ")


def test_doctor_prints_what_a_bug_report_needs():
    found = json.loads(invoke("doctor", "--json").stdout)
    assert found["Keras backend"] == "tensorflow"
    assert found["data sets found"][0] == "digits"
    assert {"tfticket", "python", "tensorflow", "keras", "tf_keras", "ai-edge-litert"} <= set(found)


def test_schema_is_written_to_a_file(tmp_path):
    out = tmp_path / "experiment.schema.json"
    assert invoke("schema", "--out", out).exit_code == 0
    assert json.loads(out.read_text())["title"] == "An experiment of tfticket"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["find", "--help"], ["find", "slimming", "--help"], ["--version"]]
)
def test_help_comes_without_tensorflow(arguments):
    code = (
        "import sys; from tfticket.cli import main\n"
        f"sys.argv = ['tfticket', *{arguments}]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "assert not {'tensorflow', 'keras', 'tf_keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    "arguments",
    [
        ["show"],
        ["inspect"],
        ["bench"],
        ["advise"],
        ["export", "--to", "keras"],
        ["shrink", "--out=a"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_path_that_does_not_exist_is_told_before_tensorflow_is_loaded(arguments):
    code = (
        "import sys\nfrom tfticket.cli import main\n"
        f"sys.argv = ['tfticket', *{arguments!r}, 'nowhere']\n"
        "try:\n    main()\nfinally:\n    assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert "'nowhere' does not exist" in done.stderr


@pytest.mark.parametrize("command", ["show", "compare"])
def test_a_run_is_read_without_tensorflow(found, command):
    code = (
        "import sys\nfrom tfticket.cli.app import app\n"
        f"app({[command, str(found[0])]!r}, standalone_mode=False)\n"
        "assert not {'tensorflow', 'keras', 'tf_keras'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "reinitialize" in done.stdout


def test_without_typer_it_says_what_to_install():
    code = "import sys; sys.modules['typer'] = None\nfrom tfticket.cli import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "tfticket[cli,config]" in done.stderr
    assert "Traceback" not in done.stderr


def test_shrink_writes_a_smaller_network_of_a_run_and_of_a_file(tmp_path):
    run, small = tmp_path / "run", tmp_path / "small.keras"
    common = ["find", "slimming", "--model", SMALL_CONV, "--data", "digits"]
    sizes = ["--channel-sparsity", "0.5", "--num-steps", "4", "--fine-tune-steps", "2"]
    done = invoke(*common, *sizes, "--export", "keras", "--out", run)
    assert done.exit_code == 0, done.output
    assert "the smaller network has" in done.stdout
    shrink = ["--trust", "shrink"]  # the run names code, and a file before Keras 3.11 may hold some
    done = invoke(*shrink, run, "--out", small, "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["after"]["num_parameters"] < report["before"]["num_parameters"] / 2
    assert report["max_relative_difference"] <= 1e-5
    # The run's own file is that network already: nothing is left to remove without a loss.
    again = [*shrink, run / "model.keras"]
    done = invoke(*again, "--out", tmp_path / "same.keras", "--json")
    assert json.loads(done.stdout)["num_removed"] == 0
    done = invoke(*shrink, run, "--out", tmp_path / "n.keras", "--norm-batches", "5", "--json")
    assert json.loads(done.stdout)["max_relative_difference"] <= 1e-5
    assert (tmp_path / "n.keras").read_bytes() != small.read_bytes()
    further = ["--channel-sparsity", "0.5", "--round-to", "4"]
    done = invoke(*again, "--out", tmp_path / "b.keras", *further, "--json")
    groups = json.loads(done.stdout)["groups"]
    assert all(g["after"] % 4 == 0 or g["after"] == g["before"] for g in groups)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.keras"], "nothing.keras"),
        (["nothing.keras", "--channel-sparsity", "50"], "it is a fraction of the channels"),
        (["nothing.keras", "--norm-batches", "5"], "it has no training examples"),
    ],
)
def test_shrink_says_what_is_wrong(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    Path("nothing.keras").touch()
    done = invoke("shrink", *arguments, "--out", tmp_path / "out.keras")
    assert done.exit_code == 1
    assert said in done.stderr


def test_python_is_told_of_a_missing_network_too(tmp_path):
    with pytest.raises(ValueError, match="must be an existing file or run folder"):
        shrink_saved(tmp_path / "nothing.keras", tmp_path / "out.keras")
