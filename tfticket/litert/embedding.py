"""embed: a TFLite file as sources for a microcontroller, run on its runtime first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import files
from tfticket.errors import ExportError
from tfticket.files import Plain
from tfticket.litert.comparison import Tolerance, difference, tolerance_of
from tfticket.litert.evidence import require_telling
from tfticket.litert.feeding import drawn
from tfticket.litert.on_micro import (
    MicroRun,
    has_micro_runtime,
    micro_runtime_version,
    run_on_micro,
)
from tfticket.litert.verify import run
from tfticket.tflite import c_sources
from tfticket.tflite.file import File
from tfticket.tflite.micro import Micro, micro

__all__ = ["Embedding", "embed"]

_MARK = "embedded.json"
_KEYWORDS = frozenset(
    [
        *("alignas", "and", "asm", "auto", "bool", "break", "case", "catch", "char", "class"),
        *("const", "continue", "default", "delete", "do", "double", "else", "enum", "explicit"),
        *("export", "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int"),
        *("long", "mutable", "namespace", "new", "not", "operator", "or", "private", "protected"),
        *("public", "register", "return", "short", "signed", "sizeof", "static", "struct"),
        *("switch", "template", "this", "throw", "true", "try", "typedef", "typename", "union"),
        *("unsigned", "using", "virtual", "void", "volatile", "while", "xor", "arena"),
    ]
)
_NUM_EXAMPLES, _SEED = 16, 0
_NOT_RUN = (
    "not run: without the Python package tflite-micro this only says that no known obstacle is in"
    " the way (pip install 'tfticket[micro]')"
)
_SPARE = 1.25  # other builds of the runtime, and kernels of a vendor, take more


@dataclass(frozen=True)
class Embedding(Plain):
    """What was written for a microcontroller.

    Args:
        path: of the folder.
        files: names of what is in it.
        needs: of flash and RAM, and what the file uses.
        arena_bytes: of RAM that the runtime took here, everything included; `None` if it was not
            run.
        max_difference: from the same file on LiteRT, as a fraction of the output range; `None` if
            it was not run.
        runtime: what ran it; empty if it was not run.
        notes: what a reader of the figures should know.
    """

    path: str
    files: tuple[str, ...]
    needs: Micro
    arena_bytes: int | None
    max_difference: float | None
    runtime: str
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = [str(self.needs)]
        if self.arena_bytes is not None:
            lines.append(
                f"  ran on {self.runtime}: {self.arena_bytes:,} bytes of RAM in all, outputs within"
                f" {self.max_difference:.2g} of the range of those of LiteRT"
            )
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join([*lines, f"written to {self.path}: {', '.join(self.files)}"])


def embed(
    path: str | Path,
    out: str | Path,
    *,
    name: str = "network",
    inputs: Any = None,
    overwrite: bool = False,
) -> Embedding:
    """Writes a TFLite file as C++ sources for LiteRT for Microcontrollers.

    A header, a source with the array, and a program that adds the operators the file uses, offers
    RAM and runs it once. Where `tflite-micro` is installed the file is run on that runtime first,
    one example at a time, and compared with LiteRT.

    Args:
        path: of a TFLite file that `tflite.micro` has no obstacle for, such as one written by
            `export.tflite(model, path, weights="int8", representative_data=…)`.
        out: folder for the sources; it appears whole or not at all.
        name: of the array, an identifier of C.
        inputs: examples to compare on, `[examples, ...]`, an array or a list of as many as the
            file takes; drawn with a fixed seed if not given.
        overwrite: whether to replace a folder that this function did not write. Defaults to False.

    Returns:
        An `Embedding`.

    Raises:
        ValueError: for a name that C does not take, or inputs that do not fit or tell nothing.
        FileExistsError: if something else is at `out` and `overwrite` is not set.
        ExportError: if an obstacle is known, or the runtime refuses the file or computes something
            else; then nothing is written.
        CorruptFileError: if the file is damaged.
        MissingDependencyError: without `ai-edge-litert`.
    """
    _require_identifier(name)
    out = Path(out)
    files.require_free(out, is_ours=(out / _MARK).is_file(), overwrite=overwrite)
    needs, file = micro(path), File.read(path)
    if needs.obstacles:
        reasons = "; ".join(f"{o.operator or 'it'} {o.reason}" for o in needs.obstacles)
        raise ExportError(f"{path} cannot run on a microcontroller, nothing was written: {reasons}")
    found, off, notes = _tried(path, file, inputs)
    arena = None if found is None else found.arena_bytes
    texts = _texts(name, file, needs, arena)
    with files.new_folder(out) as draft:
        for filename, text in texts.items():
            (draft / filename).write_text(text, encoding="utf-8")
        files.write_json(draft / _MARK, {**needs.to_dict(), "arena_bytes": arena})
    runtime = "" if found is None else micro_runtime_version()
    return Embedding(str(out), (*texts, _MARK), needs, arena, off, runtime, notes)


def _require_identifier(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in _KEYWORDS:
        raise ValueError(
            "`name` must be an identifier of C in lower case, such as 'network'."
            f" Received: name={name!r}"
        )


def _texts(name: str, file: File, needs: Micro, arena: int | None) -> dict[str, str]:
    main = file.subgraphs[0]
    least = arena or needs.activation_bytes or len(file.blob)
    room = f"On x86-64 it took {arena} bytes." if arena else "A guess: it was not run."
    example = c_sources.example(
        name,
        needs.resolver,
        [main.tensors[i] for i in main.inputs],
        [main.tensors[i] for i in main.outputs],
        arena_bytes=-(-int(least * (_SPARE if arena else 4)) // 1024) * 1024,
        room=room,
    )
    return {
        f"{name}.h": c_sources.header(name, file.blob),
        f"{name}.cc": c_sources.array(name, file.blob),
        f"run_{name}.cc": example,
    }


def _tried(
    path: str | Path, file: File, inputs: Any
) -> tuple[MicroRun | None, float | None, tuple[str, ...]]:
    """Runs a file on both runtimes: what came out, how far off it is, and what is to be said."""
    if not has_micro_runtime():
        return None, None, (_NOT_RUN,)
    fed = _fed(file, inputs)
    (reference,) = [r for r in run(path, fed, batch_sizes=(1,)) if r.has_delegates]
    if reference.error:
        raise ExportError(f"{path} does not run, nothing was written: {reference.error}")
    main = file.subgraphs[0]
    names = file.output_names or tuple(f"output_{i}" for i in range(len(main.outputs)))
    found = run_on_micro(path, fed, len(names))
    pairs = zip(found.outputs, names, strict=True)
    off = max(difference(array, reference.outputs[name])[1] for array, name in pairs)
    if not off <= _tolerance(file).largest:
        raise ExportError(
            f"{path} computes something else on a microcontroller, nothing was written: outputs are"
            f" {off:.2g} of their range away from those of LiteRT"
        )
    return found, off, ()


def _tolerance(file: File) -> Tolerance:
    """Kernels round integers differently; floats are added up in another order."""
    has_integers = any(operator.name == "QUANTIZE" for operator in file.operators)
    return tolerance_of("dynamic" if has_integers else "float32")


def _fed(file: File, inputs: Any) -> dict[str, np.ndarray]:
    """Examples in the order of the file, by name."""
    main = file.subgraphs[0]
    tensors = [main.tensors[place] for place in main.inputs]
    names = file.input_names or tuple(f"input_{i}" for i in range(len(tensors)))
    generator = np.random.default_rng(_SEED)
    if inputs is None:
        shapes = [(_NUM_EXAMPLES, *tensor.shape[1:]) for tensor in tensors]
        kinds = [np.dtype(tensor.type) for tensor in tensors]
        arrays = [drawn(generator, *pair) for pair in zip(kinds, shapes, strict=True)]
        return dict(zip(names, arrays, strict=True))
    given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    arrays = [np.asarray(array)[:_NUM_EXAMPLES] for array in given]
    wanted = [tensor.shape[1:] for tensor in tensors]
    if [array.shape[1:] for array in arrays] != wanted:
        raise ValueError(
            f"`inputs` must be examples for each of the file's inputs, {wanted}."
            f" Received: {[array.shape for array in arrays]}"
        )
    fed = {
        name: array.astype(tensor.type)
        for name, array, tensor in zip(names, arrays, tensors, strict=True)
    }
    require_telling(fed, "inputs")
    return fed
