"""Every committed result says what it came from, or that this was not recorded."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import records

FOLDER = Path(records.__file__).parent
FILES = sorted(FOLDER.rglob("*.json"))
U = records.UNRECORDED


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results.json"


@pytest.fixture
def record(path):
    """A record as it is written now."""
    records.write(path, {"rows": []}, seeds=[0, 1], data=[records.zoo("mnist")])
    return stored(path)


def stored(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(FOLDER).as_posix())
def test_every_committed_result_has_the_form(file):
    assert records.faults(stored(file)) == []


def test_every_benchmark_has_results():
    folders = {run.parent for run in FOLDER.glob("*/run.py")}
    assert {file.parent for file in FILES} == folders


def test_no_script_writes_or_reads_results_by_itself():
    """What emulated machines are asked is none."""
    own = [
        f"{script.relative_to(FOLDER)}: {line.strip()}"
        for script in sorted(FOLDER.glob("*/*.py"))
        for line in script.read_text(encoding="utf-8").splitlines()
        if "write_text(json.dumps(" in line or "json.loads(path.read_text(" in line
    ]
    assert [line for line in own if "request.json" not in line] == []


def test_what_is_written_says_what_it_came_from(record):
    assert records.faults(record) == []
    assert list(record) == [*records.FIELDS, "results"]
    assert record["seeds"] == [0, 1]
    assert record["date"] <= dt.date.today().isoformat()
    assert record["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert all(record["versions"][name] for name in ("tfticket", *records.PACKAGES))
    assert record["machine"]["cores"] >= 1
    assert U not in json.dumps(record)


def test_what_is_written_is_read(path):
    results = {"é": [1, 2.5, [None, "[\n 1,\n 2\n]"]], "empty": []}
    records.write(path, results, seeds=[], data=[])
    assert records.read(path) == results
    assert records.read(path, {}) == results


def test_a_missing_file_is_what_it_is_said_to_be(path):
    assert records.read(path, {"rows": []}) == {"rows": []}
    with pytest.raises(FileNotFoundError):
        records.read(path)


def test_a_file_of_another_form_is_not_read(path):
    path.write_text('{"rows": []}')
    with pytest.raises(ValueError, match=r"must have the form .* no results"):
        records.read(path)


def test_lists_of_numbers_are_on_one_line():
    assert '"a": [1, -2.5e-07, null],\n' in records.text({"a": [1, -2.5e-7, None], "b": ["x"]})


@pytest.mark.parametrize("field", records.FIELDS)
def test_every_field_is_asked_for(record, field):
    unrecorded = {**record, field: U}
    assert f"{field} is missing" in records.faults({k: v for k, v in record.items() if k != field})
    assert f"{field} must be a {records.FIELDS[field].__name__}" in records.faults(
        {**record, field: 7}
    )
    if field == "date":  # a file without one is an old one, which may lack anything
        assert records.faults(unrecorded) == []
    else:
        assert records.faults(unrecorded) == [f"{field} is unrecorded"]


def test_a_new_file_has_nothing_unrecorded_inside_either(record):
    record["machine"]["cores"] = U
    assert records.faults(record) == ["machine is unrecorded"]


def test_versions_and_machine_are_whole(record):
    del record["versions"]["numpy"], record["machine"]["cpu"]
    assert records.faults(record) == ["versions lacks numpy", "machine lacks cpu"]


def test_lossy_data_say_so(record):
    assert "JPEG" in records.zoo("cifar10_jpeg")["loss"]
    record["data"] = [{"set": "cifar10_jpeg", "split": "all"}]
    assert records.faults(record) == ["data do not say their loss"]


def test_what_an_earlier_run_came_from_is_kept(path, record):
    old = {**record, "date": "2020-01-01", "versions": U}
    del old["results"]
    path.write_text(json.dumps({**old, "date": U, "results": {"rows": [1]}}))
    for rows in ([1, 2], [1, 2, 3]):
        records.write(path, {"rows": rows}, seeds=[0], data=[], resumes=True)
    assert stored(path)["earlier"] == [{**old, "date": U}]
    assert records.faults(stored(path)) == []
    records.write(path, {"rows": []}, seeds=[0], data=[])
    assert "earlier" not in stored(path)


def test_one_run_that_writes_often_is_one_run(path):
    for seeds in ([0], [0, 1]):
        records.write(path, {"rows": seeds}, seeds=seeds, data=[], resumes=True)
    assert "earlier" not in stored(path)
    assert stored(path)["seeds"] == [0, 1]


def test_a_run_that_measured_nothing_leaves_the_file_alone(path, record):
    path.write_text(json.dumps({**record, "date": "2020-01-01"}))
    before = path.read_bytes()
    records.write(path, {"rows": []}, seeds=[5], data=[], resumes=True)
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_written_stays_as_it_was(path, record):
    before = path.read_bytes()
    with pytest.raises(TypeError):
        records.write(path, {"rows": [object()]}, seeds=[], data=[])
    assert path.read_bytes() == before


def test_commands_name_no_folder_of_this_machine(monkeypatch):
    script = FOLDER / "zhou" / "run.py"
    monkeypatch.setattr(sys, "argv", [str(script), "--out", "/some/where/new", "--keras", "keras"])
    records._conditions.cache_clear()
    said = records.conditions()["command"]
    records._conditions.cache_clear()
    assert said == "python benchmarks/zhou/run.py --out new --keras keras"


def test_records_need_nothing_installed(tmp_path):
    """`versions/run.py` writes one before anything is."""
    script = tmp_path / "bare.py"
    script.write_text(
        f"import sys; sys.path[:] = [{str(FOLDER.parent)!r}, *sys.path]\n"
        "from pathlib import Path\nfrom benchmarks import records\n"
        "records.write(Path(sys.argv[1]), {}, seeds=[], data=[])\n"
    )
    path = tmp_path / "results.json"
    command = [sys.executable, "-I", "-S", str(script), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = stored(path)
    assert found["versions"]["tensorflow"] is None
    assert records.faults(found) == []
