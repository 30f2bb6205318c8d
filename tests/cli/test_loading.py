"""What is told before TensorFlow is loaded, which takes seconds."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_SNIP = ["find", "snip", "--out=a", "--model"]
_HERE = sys.executable  # any file that is there
_COMPRESS = ["compress", _HERE, "--out=a", "--max-drop=0.1"]
_LENET = ["--model=lenet_300_100", "--data=digits"]
_STUDY = "{grid: [{recipe: snip, sparsity: 0.5, model: lenet_300_100, data: here.py:data}]}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([*_SNIP, "nowhere.keras", "--data=digits"], "must be an existing .keras file"),
        ([*_SNIP, "lenet", "--data=digits"], "must be one of ['lenet_300_100'"),
        ([*_SNIP, "lenet_300_100", "--data=nowhere.py:data"], "no file 'nowhere.py'"),
        ([*_SNIP, "lenet_300_100", "--data=tfds:nothing"], "is not prepared on this machine"),
        (["collapse", "--model=nowhere.py:model"], "no file 'nowhere.py'"),
        ([*_COMPRESS, "--train=nowhere.py:train", "--data=digits"], "no file 'nowhere.py'"),
        ([*_COMPRESS, "--train=math:sqrt", "--data=digit"], "must be one of ('digits'"),
        (["sensitivity", _HERE, "--data=nowhere.py:data"], "no file 'nowhere.py'"),
        (["sensitivity", _HERE, "--data=digits"], "must be a .keras file, whole"),
        (["sensitivity", _HERE, "--data=digits", "--metric=height"], "must be one of accuracy"),
        (["collapse", "--model=lenet_300_100", "--scores=snippy"], "Did you mean 'snip'?"),
        (["find", "snip", "--out=study.yaml", *_LENET], "study.yaml is a file"),
        (["run", "study.yaml", "--out=a"], "no file 'here.py'. This is of the run snip"),
    ],
)
def test_a_name_of_nothing_is_told_before_tensorflow_is_loaded(arguments, said, tmp_path):
    (tmp_path / "study.yaml").write_text(_STUDY)
    code = (
        "import sys\nfrom tfticket.cli import main\n"
        f"sys.argv = ['tfticket', *{arguments!r}]\n"
        "try:\n    main()\nfinally:\n    assert 'tensorflow' not in sys.modules"
    )
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert said in " ".join(done.stderr.split())
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]


def test_tensorflow_is_silent_wherever_it_is_imported(tmp_path):
    code = (
        "import sys\nfrom tfticket.cli.loading import quieten_tensorflow\n"
        "before = list(sys.meta_path)\nquieten_tensorflow()\nquieten_tensorflow()\n"
        "assert len(sys.meta_path) == len(before) + 1\n"
        "import keras\nimport tensorflow as tf\nquieten_tensorflow()\n"
        "assert not [f for f in sys.meta_path if type(f).__name__ == '_Quiet']\n"
        "assert tf.constant(1).numpy() == 1\n"
        "assert tf.__spec__.loader.get_code('tensorflow') is not None\n"
        "print('done', file=sys.stderr)"
    )
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, capture_output=True, text=True, cwd=tmp_path, env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "done\n")


def test_a_command_within_a_process_of_others_leaves_nothing_behind():
    code = (
        "import gc, sys\nfrom typer.testing import CliRunner\nfrom tfticket.cli.app import app\n"
        "before = list(sys.meta_path)\n"
        "assert CliRunner().invoke(app, ['list', 'nowhere']).exit_code != 0\n"
        "assert (sys.meta_path, gc.get_freeze_count()) == (before, 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_who_only_asks_for_tensorflow_leaves_it_to_be_silent():
    code = (
        "import importlib.util, sys\nfrom tfticket.cli.loading import quieten_tensorflow\n"
        "quieten_tensorflow()\nassert importlib.util.find_spec('tensorflow') is not None\n"
        "assert type(sys.meta_path[0]).__name__ == '_Quiet'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
