"""Searches that are killed: does the same call come to the same files?

    python benchmarks/compress/kills.py

A search over a small network on the digits is run to its end; then again, killed by SIGKILL some
time after one of its events, five times over, each time a later one, and begun again. Networks,
files and the choice must be those of the first; times differ. Writes `kills.json`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records

HERE = Path(__file__).parent
#: After which event, and how many seconds later: inside a training, an export, a measurement.
MOMENTS = ((1, 1.0), (2, 0.3), (3, 3.0), (4, 1.5), (5, 4.0))
SEARCH = """
import json, sys
import keras
import tfticket as tt
from tfticket import zoo

data = zoo.load_data("digits")
keras.utils.set_random_seed(0)
layers = [keras.layers.Input((8, 8, 1)), keras.layers.Conv2D(16, 3, activation="relu")]
layers += [keras.layers.Dropout(0.2), keras.layers.Flatten(), keras.layers.Dense(32, "relu")]
model = keras.Sequential([*layers, keras.layers.Dense(10)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.002), loss)
model.fit(data.train.x, data.train.y, epochs=5, verbose=0)


def train(network):
    network.fit(data.train.x, data.train.y, epochs=1, verbose=0)


found = tt.compress(
    model, train, validation=(data.validation.x, data.validation.y),
    budget=tt.Budget(max_drop=0.03), out=sys.argv[1], weights=("float32", "int8"), max_trainings=4,
    on_event=lambda *event: print("event", *event, flush=True),
)
rows = [[c.name, c.metric, c.file_bytes, c.gzip_bytes] for c in found.candidates]
print(json.dumps({"candidates": rows, "best": found.best.name}))
"""


def begun(script: Path, out: Path) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(records.ROOT)}
    return subprocess.Popen(
        [sys.executable, str(script), str(out)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def finished(script: Path, out: Path) -> dict[str, Any]:
    text, _ = begun(script, out).communicate()
    return json.loads(text.strip().splitlines()[-1])


def killed(script: Path, out: Path, event: int, seconds: float) -> str:
    """Kills a search after an event; returns what it was at, or that it had ended."""
    process = begun(script, out)
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if sum(text.startswith("event") for text in said) == event:
            time.sleep(seconds)
            break
    was_running = process.poll() is None
    process.kill()
    process.wait()
    return said[-1].strip().partition(";")[0] if was_running else "had ended"


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        script = Path(name) / "search.py"
        script.write_text(SEARCH)
        whole = finished(script, Path(name) / "whole")
        for event, seconds in MOMENTS:
            out = Path(name) / f"killed-{event}"
            at = killed(script, out, event, seconds)
            again = finished(script, out)
            rows.append({"event": event, "seconds": seconds, "at": at, "same": again == whole})
            print(rows[-1], flush=True)
        out = Path(name) / "over and over"
        times = [killed(script, out, event, seconds) for event, seconds in MOMENTS]
        same = finished(script, out) == whole
        rows.append(
            {"event": "each in turn", "seconds": None, "at": "; ".join(times), "same": same}
        )
        print(rows[-1], flush=True)
    result = {"candidates": len(whole["candidates"]), "best": whole["best"], "kills": rows}
    data = [records.dataset("digits", "as `zoo.load_data` splits them")]
    records.write(HERE / "kills.json", result, seeds=[0], data=data)


if __name__ == "__main__":
    main()
