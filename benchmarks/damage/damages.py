"""Random damage to files and folders, from a seed: what disks, copies and hands do to them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

__all__ = ["KINDS", "damage"]


def damage(root: Path, seed: int) -> str:
    """Damages one file of a folder.

    Args:
        root: a folder, or one file.
        seed: chooses the file and what happens to it.

    Returns:
        What was done, in words.
    """
    rng = random.Random(seed)
    found = [root] if root.is_file() else [p for p in sorted(root.rglob("*")) if p.is_file()]
    files = [p for p in found if p.stat().st_size]
    kind, path = rng.choice(list(KINDS)), rng.choice(files)
    before = path.read_bytes()
    for _ in range(100):  # until something has changed
        told = KINDS[kind](path, files, rng)
        if not path.is_file() or path.read_bytes() != before:
            break
        kind = rng.choice(list(KINDS))
    return f"{path.relative_to(root) if path != root else path.name}: {told}"


def _flip(path: Path, files: list[Path], rng: random.Random) -> str:
    data = bytearray(path.read_bytes())
    place, bit = rng.randrange(len(data)), rng.randrange(8)
    data[place] ^= 1 << bit
    path.write_bytes(data)
    return f"bit {bit} of byte {place} flipped"


def _truncate(path: Path, files: list[Path], rng: random.Random) -> str:
    data = path.read_bytes()
    length = rng.randrange(len(data))
    path.write_bytes(data[:length])
    return f"cut to {length} of {len(data)} bytes"


def _lose(path: Path, files: list[Path], rng: random.Random) -> str:
    data = path.read_bytes()
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.choice((1, 8, 64, 512)))
    path.write_bytes(data[:start] + data[end:])
    return f"bytes {start} to {end} lost"


def _overwrite(path: Path, files: list[Path], rng: random.Random) -> str:
    data = bytearray(path.read_bytes())
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.choice((1, 8, 64, 512)))
    data[start:end] = rng.choice((bytes(end - start), rng.randbytes(end - start)))
    path.write_bytes(data)
    return f"bytes {start} to {end} overwritten"


def _swap(path: Path, files: list[Path], rng: random.Random) -> str:
    other = rng.choice(files)
    data = path.read_bytes()
    path.write_bytes(other.read_bytes())
    other.write_bytes(data)
    return f"changed places with {other.name}"


def _delete(path: Path, files: list[Path], rng: random.Random) -> str:
    path.unlink()
    return "deleted"


def _make_folder(path: Path, files: list[Path], rng: random.Random) -> str:
    path.unlink()
    path.mkdir()
    return "a folder now"


def _change_json(path: Path, files: list[Path], rng: random.Random) -> str:
    """Changes one value somewhere in JSON, or gives a name twice."""
    try:
        record = json.loads(path.read_bytes())
    except (ValueError, UnicodeDecodeError):
        return _flip(path, files, rng)
    holders = [h for h in _holders(record) if h]
    if not holders:
        return _flip(path, files, rng)
    holder = rng.choice(holders)
    place = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    value = holder[place]
    new = rng.choice(
        (None, "x", -1, 1e300, [], {}, True, "../../etc/passwd", [[10**9, 10**9], "float32", 0.0])
    )
    if isinstance(value, float):
        new = rng.choice((new, value * 2 + 1))
    if isinstance(value, int) and not isinstance(value, bool):
        new = rng.choice((new, value + 1))
    if isinstance(holder, dict) and rng.random() < 0.2:
        name = f"{place}" if rng.random() < 0.5 else f"{place}x"
        text = json.dumps(record, indent=2)
        text = text.replace(f'"{place}":', f'"{name}": {json.dumps(new)}, "{place}":', 1)
        path.write_text(text)
        return f"{name} added beside {place}"
    if rng.random() < 0.2:
        del holder[place]
        new = "nothing"
    else:
        holder[place] = new
    path.write_bytes(json.dumps(record, indent=2).encode())
    return f"{place} is {new!r} instead of {str(value)[:40]!r}"


def _holders(value: object) -> list:
    if isinstance(value, dict):
        return [value, *(h for v in value.values() for h in _holders(v))]
    if isinstance(value, list):
        return [value, *(h for v in value for h in _holders(v))]
    return []


def _reset(path: Path, files: list[Path], rng: random.Random) -> str:
    path.write_bytes(rng.choice(files).read_bytes())
    return "another file in its place"


#: What can happen to a file, by name.
KINDS: dict[str, Callable[[Path, list[Path], random.Random], str]] = {
    "flip": _flip,
    "truncate": _truncate,
    "lose": _lose,
    "overwrite": _overwrite,
    "swap": _swap,
    "delete": _delete,
    "make_folder": _make_folder,
    "change_json": _change_json,
    "reset": _reset,
}
