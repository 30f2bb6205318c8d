"""The rows of the matrix: which versions, on which Python, and what of the tests they run."""

from __future__ import annotations

import dataclasses

#: What puts masks in force, prunes on schedule, scores, shrinks, exports and bridges to tfmot, in
#: both Kerases: some minutes on two cores.
FAST = (
    "tests/callbacks/test_among_other_callbacks.py",
    "tests/callbacks/test_dynamic_sparse.py",
    "tests/callbacks/test_enforce_masks.py",
    "tests/callbacks/test_further_fits.py",
    "tests/callbacks/test_prune_on_schedule.py",
    "tests/enforcement",
    "tests/export/test_savedmodel.py",
    "tests/export/test_tflite.py",
    "tests/factorization/test_layers.py",
    "tests/post_training",
    "tests/schedules",
    "tests/scores/test_movement.py",
    "tests/scores/test_scores.py",
    "tests/scores/test_synflow.py",
    "tests/slimming/test_penalty.py",
    "tests/slimming/test_shrink.py",
    "tests/strong_tickets/test_network.py",
    "tests/supermasks/test_layers.py",
    "tests/supermasks/test_trained_weights.py",
    "tests/test_backends.py",
    "tests/test_constant.py",
    "tests/test_loading.py",
    "tests/test_tfmot.py",
    "tests/test_without_tfmot.py",
    "tests/tfmot_bridge/test_drop_in.py",
    "tests/tfmot_bridge/test_wrapped_models.py",
    "tests/weight_agnostic/test_models.py",
)
#: Of these what `--quick` runs: what puts masks in force, shrinks and exports.
QUICK = (
    "tests/callbacks/test_among_other_callbacks.py",
    "tests/callbacks/test_enforce_masks.py",
    "tests/callbacks/test_prune_on_schedule.py",
    "tests/enforcement/test_enforcement.py",
    "tests/enforcement/test_equality.py",
    "tests/export/test_tflite.py",
    "tests/slimming/test_penalty.py",
    "tests/slimming/test_shrink.py",
    "tests/supermasks/test_trained_weights.py",
)
#: What the extras bring, for the row that has them at their floors.
EXTRAS = (
    "tests/tfmot_bridge/test_pruning_summaries.py",
    "tests/cli/test_cli.py",
    "tests/cli/test_report.py",
    "tests/experiments/test_spec.py",
    "tests/reports/test_page.py",
    "tests/reports/test_plots.py",
    "tests/test_notebooks.py",
    "tests/zoo/test_tfds.py",
)

#: What hands on, tracks, sends, shows and documents.
AROUND = (
    "tests/cli/test_report.py",
    "tests/experiments/test_trackers.py",
    "tests/experiments/test_workers.py",
    "tests/house/test_docs.py",
    "tests/reports/test_page.py",
    "tests/test_hub.py",
)


@dataclasses.dataclass(frozen=True)
class Row:
    """One environment, and the tests that are run in it.

    Args:
        name: what it is called on the command line and in the table.
        python: the Python it is meant for, as in "3.13".
        packages: what is installed besides tfticket, as `pip` takes it.
        extras: those of tfticket that are installed.
        is_lowest: whether every direct dependency is installed at its floor.
        tests: paths of tests.
    """

    name: str
    python: str
    packages: tuple[str, ...] = ()
    extras: str = "dev"
    is_lowest: bool = False
    tests: tuple[str, ...] = FAST


#: What Colab and Kaggle have installed: googlecolab/backend-info (2026-08-19) and
#: Kaggle/docker-python (2026-06-22).
_COLAB = (
    "tensorflow==2.20.0",
    "keras==3.13.2",
    "tf_keras==2.20.1",
    "numpy==2.1.3",
    "protobuf==5.29.6",
    "absl-py==1.4.0",
)
_KAGGLE = ("tensorflow==2.19.0", "keras==3.13.2", "tf_keras==2.19.0")

ROWS = (
    *(Row(f"newest-{python}", python) for python in ("3.10", "3.11", "3.12", "3.13")),
    Row("colab", "3.13", _COLAB),
    Row("kaggle", "3.12", _KAGGLE),
    Row("jax", "3.12", ("jax",), tests=("tests/test_backends.py",)),
    Row("floors", "3.10", extras="dev,tensorboard", is_lowest=True, tests=(*FAST, *EXTRAS)),
    Row(
        "floors-onnx",
        "3.10",
        extras="export,onnx,dev",
        is_lowest=True,
        tests=("tests/export/test_onnx.py",),
    ),
    Row(
        "floors-quantizer",
        "3.10",
        extras="export,quantizer,dev",
        is_lowest=True,
        tests=("tests/export/test_quantizers.py",),
    ),
    Row(
        "floors-micro",
        "3.11",
        extras="export,micro,dev",
        is_lowest=True,
        tests=("tests/litert/test_embedding.py",),
    ),
    Row(
        "floors-around",
        "3.11",
        ("numpy==2.0.2",),  # pyarrow, which Ray looks at where it is installed, asks for 2
        extras="dev,ray,mlflow,wandb,hub,docs",
        is_lowest=True,
        tests=AROUND,
    ),
)
