"""What is told before TensorFlow is loaded, which takes seconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SNIP = ["find", "snip", "--out=a", "--model"]
_HERE = sys.executable  # any file that is there
_COMPRESS = ["compress", _HERE, "--out=a", "--max-drop=0.1"]
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
