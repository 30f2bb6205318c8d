"""Networks without half or three quarters of their channels, for `run.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tfticket.tables import markdown

#: A network may be this much slower than its FLOPs say: what is not multiplied takes time, too.
TOLERANCE = 1.3


def measure(name: str, channel_sparsity: float, num_rounds: int) -> dict:
    """Times a network of the zoo, or `module:function`, against itself without some channels.

    Args:
        name: as `zoo.get_model` takes it.
        channel_sparsity: of every layer but the last.
        num_rounds: of the stopwatch.

    Returns:
        Both files' rows, and the FLOPs before and after.
    """
    from tfticket import slimming, zoo
    from tfticket.export import latency, tflite

    model = zoo.get_model(name).compiled(seed=0)
    masks = slimming.channel_masks(model, channel_sparsity, score="l1", scope="layer")
    smaller = slimming.shrink(model, masks)
    with tempfile.TemporaryDirectory(prefix="tfticket_") as folder:
        paths = {kind: Path(folder) / f"{kind}.tflite" for kind in ("dense", "shrunk")}
        for kind, one in (("dense", model), ("shrunk", smaller.model)):
            tflite(one, paths[kind], sparse="none", num_samples=8)
        found = latency(list(paths.values()), num_rounds=num_rounds).to_dict()
    rows = dict(zip(paths, found.pop("files"), strict=True))
    for kind, row in rows.items():
        row["path"] = f"{kind}.tflite"
    flops = [smaller.report.before.num_flops, smaller.report.after.num_flops]
    return {**found, "files": rows, "flops": flops}


def table(results: dict) -> str:
    """Renders a row per network and share of channels."""
    header = ["network, channels removed", "dense, ms", "FLOPs ratio", "aimed at", "speed", "bytes"]
    rows = []
    for key, found in results.items():
        dense, row = found["files"]["dense"], found["files"]["shrunk"]
        ratio = found["flops"][0] / found["flops"][1]
        speed = f"{row['speed_p50']:.2f} [{row['speed_p10']:.1f}, {row['speed_p90']:.1f}]"
        size = f"{row['file_bytes'] / dense['file_bytes']:.3f}"
        figures = [f"{dense['p50_ms']:.4f}", f"{ratio:.2f}", f"{ratio / TOLERANCE:.2f}"]
        rows.append([key, *figures, speed, size])
    return markdown(header, rows)
