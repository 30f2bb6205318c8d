"""The one form of every result file: the results, and what they came from.

    {
      "command": "python benchmarks/zhou/run.py --replicates 3",
      "date": "2026-12-01",         the day the command was started
      "seeds": [0, 1, 2],           [] where none is set
      "versions": {"python": …},    null where a package is not installed
      "machine": {"cpu": …, "cores": …, "system": …},
      "data": [{"set": "mnist", "split": …}],   [] where there are no data but random numbers
      "results": …                  whatever the benchmark has to say
    }

A file whose results were measured in several goes also has "earlier": the same without results,
of every go before the last. What a file from before this form did not say is "unrecorded".

Only the standard library is needed, because `versions/run.py` runs before anything is installed.
"""

from __future__ import annotations

import copy
import datetime as dt
import functools
import json
import os
import platform
import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
UNRECORDED = "unrecorded"
#: What every file says the versions of, and what it also says if it is installed.
PACKAGES = ("tensorflow", "keras", "tf_keras", "numpy")
ALSO = ("ai-edge-litert", "tensorflow-datasets", "tensorflow-model-optimization", "torch")
MACHINE = ("cpu", "cores", "system")
FIELDS = {
    "command": str,
    "date": str,
    "seeds": list,
    "versions": dict,
    "machine": dict,
    "data": list,
}
#: How `zoo.load_data` splits the data sets that benchmarks have in common.
SPLITS = {
    "mnist": "55 000 train / 5 000 validation / 10 000 test examples",
    "cifar10_jpeg": "45 000 train / 5 000 validation / 10 000 test examples",
    "regression": "7 200 train / 800 validation / 2 000 test examples",
}
LOSSES = {"cifar10_jpeg": "CIFAR-10 with JPEG loss: not comparable with CIFAR-10 itself"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
#: The inside of a list of numbers, which is written on one line.
_NUMBERS = re.compile(r"\[\n\s*([^\[\]{}\"]*?)\n\s*\]")
_STARTED = dt.date.today().isoformat()


def read(path: Path, otherwise: Any = None) -> Any:
    """Returns the results of a file.

    Args:
        path: a result file.
        otherwise: what to return if there is no such file.

    Raises:
        FileNotFoundError: if there is no such file and no `otherwise`.
        ValueError: if the file has not the form.
    """
    if otherwise is not None and not path.exists():
        return otherwise
    record = json.loads(path.read_text(encoding="utf-8"))
    found = faults(record)
    if found:
        raise ValueError(f"{path} must have the form of `benchmarks.records`: {'; '.join(found)}")
    return record["results"]


def write(
    path: Path,
    results: Any,
    *,
    seeds: Iterable[int],
    data: Iterable[Mapping[str, str]],
    resumes: bool = False,
) -> None:
    """Writes results with the command, the date, the versions and the machine of this process.

    Args:
        path: the file; where writing fails it stays as it was.
        results: what JSON can say.
        seeds: those of this run.
        data: data sets, each made by `dataset`; none if there are only random numbers.
        resumes: whether the results contain those that an earlier run left in the file. What these
            came from is kept, and a file that has just these results is left alone.
    """
    record = {**conditions(), "seeds": list(seeds), "data": [dict(d) for d in data]}
    record = {field: record[field] for field in FIELDS}
    if resumes and path.exists():
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored.get("results") == json.loads(json.dumps(results)):
            return
        earlier = [*stored.get("earlier", []), {field: stored[field] for field in FIELDS}]
        record |= {"earlier": [e for e in earlier if not _is_same_run(e, record)]}
        if not record["earlier"]:
            del record["earlier"]
    _replace(path, text({**record, "results": results}))


def dataset(name: str, split: str) -> dict[str, str]:
    """Names a data set, how it was split, and what it has lost.

    Args:
        name: as in `zoo.load_data`, or a few words on data that were made.
        split: the numbers of examples.
    """
    lost = {"loss": LOSSES[name]} if name in LOSSES else {}
    return {"set": name, "split": split, **lost}


def zoo(name: str) -> dict[str, str]:
    """Names a data set that is used as `zoo.load_data` splits it."""
    return dataset(name, SPLITS[name])


def faults(record: Any) -> list[str]:
    """Tells what a record lacks of its form; nothing if it is complete."""
    if not isinstance(record, dict) or "results" not in record:
        return ["it has no results"]
    wrong = [f"{key} is unknown" for key in record if key not in (*FIELDS, "earlier", "results")]
    for number, go in enumerate([record, *record.get("earlier", [])]):
        wrong += [f"{fault}{f' in earlier run {number}' if number else ''}" for fault in _lacks(go)]
    return wrong


def text(record: Mapping[str, Any]) -> str:
    """Renders a record as JSON, every list of numbers on one line."""
    indented = json.dumps(record, indent=1, ensure_ascii=False)
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", indented) + "\n"


@functools.cache
def _conditions() -> dict[str, Any]:
    versions = {"python": platform.python_version(), "tfticket": _own_version()}
    versions |= {name: _version(name) for name in PACKAGES}
    versions |= {name: found for name in ALSO if (found := _version(name))}
    return {
        "command": _command(sys.argv),
        "date": _STARTED,
        "versions": versions,
        "machine": {
            "cpu": _cpu(),
            "cores": os.cpu_count() or 1,
            "system": f"{platform.system()} {platform.machine()}",
        },
    }


def conditions() -> dict[str, Any]:
    """Returns what is known without being told: command, date, versions and machine."""
    return copy.deepcopy(_conditions())


def _command(argv: list[str]) -> str:
    """The command from the top of the repository; of absolute paths only the last part."""
    script = Path(argv[0]).resolve()
    name = script.relative_to(ROOT) if script.is_relative_to(ROOT) else Path(script.name)
    shown = [Path(a).name if Path(a).is_absolute() else a for a in argv[1:]]
    return shlex.join(["python", name.as_posix(), *shown])


def _version(name: str) -> str | None:
    loaded = getattr(sys.modules.get(name), "__version__", None)
    if isinstance(loaded, str):
        return loaded
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _own_version() -> str:
    """The version of the package beside this folder, which is what the scripts import."""
    written = (ROOT / "tfticket" / "_version.py").read_text(encoding="utf-8")
    return re.findall(r"__version__ = \"(.+)\"", written)[0]


def _cpu() -> str:
    about = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", about.read_text()) if about.exists() else []
    return names[0] if names else platform.processor() or platform.machine()


def _is_same_run(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two goes are one; of more and more seeds and data while it lasts."""
    return all(one[field] == other[field] for field in ("command", "date", "versions", "machine"))


def _replace(path: Path, content: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(content, encoding="utf-8")
    new.replace(path)


def _lacks(go: Mapping[str, Any]) -> list[str]:
    """What is missing of what a run came from; a run with a date has to say everything."""
    wrong = []
    for field, kind in FIELDS.items():
        if field not in go:
            wrong.append(f"{field} is missing")
        elif go[field] != UNRECORDED and not isinstance(go[field], kind):
            wrong.append(f"{field} must be a {kind.__name__}")
    if wrong:
        return wrong
    if go["date"] != UNRECORDED:
        wrong += [] if _DATE.fullmatch(go["date"]) else ["date must be as in 2026-12-01"]
        wrong += [f"{f} is unrecorded" for f in FIELDS if UNRECORDED in json.dumps(go[f])]
    for field, names in (("versions", ("python", "tfticket", *PACKAGES)), ("machine", MACHINE)):
        if go[field] != UNRECORDED:
            wrong += [f"{field} lacks {name}" for name in names if name not in go[field]]
    if go["data"] != UNRECORDED:
        wrong += [fault for one in go["data"] for fault in _lacks_of_data(one)]
    return wrong


def _lacks_of_data(one: Mapping[str, str]) -> list[str]:
    wrong = [f"data lack {key}" for key in ("set", "split") if key not in one]
    has_loss = any(name in one.get("set", "") for name in LOSSES)
    return wrong + (["data do not say their loss"] if has_loss and "loss" not in one else [])
