"""Programs that run a TFLite file, with its own names, shapes and types in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tfticket import registry
from tfticket.tflite.c_sources import camel
from tfticket.tflite.file import File, Tensor

__all__ = ["LANGUAGES", "snippet"]

_PYTHON = '''\
"""Runs {file}: pip install ai-edge-litert numpy"""

import numpy as np
from ai_edge_litert.interpreter import Interpreter

interpreter = Interpreter(model_path={file!r}, num_threads=1)
run = interpreter.get_signature_runner()
inputs = {{
{inputs}
}}
outputs = run(**inputs)
for name, array in outputs.items():
    print(name, array.shape, array.dtype)
'''
_INPUT = "    {name!r}: np.zeros({shape}, {type!r}),"

_PYTHON_BY_POSITION = '''\
"""Runs {file}: pip install ai-edge-litert numpy"""

import numpy as np
from ai_edge_litert.interpreter import Interpreter

interpreter = Interpreter(model_path={file!r}, num_threads=1)
interpreter.allocate_tensors()
for detail in interpreter.get_input_details():
    interpreter.set_tensor(detail["index"], np.zeros(detail["shape"], detail["dtype"]))
interpreter.invoke()
for detail in interpreter.get_output_details():
    print(detail["name"], interpreter.get_tensor(detail["index"]).shape, detail["dtype"])
'''

_KOTLIN = """\
// Runs {file}, which lies in the assets of the app. In the module's build.gradle.kts:
//     dependencies {{ implementation("com.google.ai.edge.litert:litert:2.3.0") }}
import android.content.Context
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel

class {camel}(context: Context) : AutoCloseable {{
    private val model =
        CompiledModel.create(context.assets, "{file}", CompiledModel.Options(Accelerator.CPU))
    private val inputs = model.createInputBuffers()
    private val outputs = model.createOutputBuffers()

    /** {takes} */
    fun run({parameters}): {result} {{
{writing}
        model.run(inputs, outputs)
        return {reading}
    }}

    override fun close() {{
        inputs.forEach {{ it.close() }}
        outputs.forEach {{ it.close() }}
        model.close()
    }}
}}
"""
_LEADING = "network_"  # of a class whose file begins with a digit
_KINDS = {"float32": "Float", "int32": "Int", "int8": "Int8", "int64": "Long", "bool": "Boolean"}
_ARRAYS = {"Float": "FloatArray", "Int": "IntArray", "Int8": "ByteArray", "Long": "LongArray"}
_ARRAYS |= {"Boolean": "BooleanArray"}


def snippet(path: str | Path, language: str = "python") -> str:
    """Returns a program that runs a TFLite file, ready to be changed.

    Args:
        path: of the file.
        language: `"python"`, with `ai-edge-litert`, or `"kotlin"`, a class for Android.

    Returns:
        Its text. The Python program runs as it is, on zeros; the class is given arrays.

    Raises:
        ValueError: for another language, or a type that the language's runtime does not take.
        CorruptFileError: if the file is damaged.
        MissingDependencyError: without `ai-edge-litert`.
    """
    write = registry.member(language, LANGUAGES, "language")
    return write(File.read(path), Path(path).name)


def _python(file: File, name: str) -> str:
    if not file.input_names:
        return _PYTHON_BY_POSITION.format(file=name)
    pairs = zip(file.input_names, _tensors(file, "inputs"), strict=True)
    lines = [_INPUT.format(name=n, shape=_one(t), type=t.type) for n, t in pairs]
    return _PYTHON.format(file=name, inputs="\n".join(lines))


def _kotlin(file: File, name: str) -> str:
    inputs, outputs = _tensors(file, "inputs"), _tensors(file, "outputs")
    stem = re.sub(r"\W+", "_", Path(name).stem)
    taken = [_kind(tensor) for tensor in inputs]
    made = [_kind(tensor) for tensor in outputs]
    writing = [f"        inputs[{i}].write{kind}(input{i})" for i, kind in enumerate(taken)]
    reading = [f"outputs[{i}].read{kind}()" for i, kind in enumerate(made)]
    is_one = len(made) == 1
    shapes = [f"input{i}: {t.type} {_one(t)}" for i, t in enumerate(inputs)]
    shapes += [f"returned: {t.type} {_one(t)}" for t in outputs]
    return _KOTLIN.format(
        file=name,
        camel=camel(f"{_LEADING}{stem}" if stem[:1].isdigit() else stem),
        takes="; ".join([*shapes, "row by row"]),
        parameters=", ".join(f"input{i}: {_ARRAYS[kind]}" for i, kind in enumerate(taken)),
        result=_ARRAYS[made[0]] if is_one else "List<Any>",
        writing="\n".join(writing),
        reading=reading[0] if is_one else f"listOf({', '.join(reading)})",
    )


#: Writers by language.
LANGUAGES: dict[str, Callable[[File, str], str]] = {"python": _python, "kotlin": _kotlin}


def _tensors(file: File, side: str) -> list[Tensor]:
    main = file.subgraphs[0]
    return [main.tensors[place] for place in getattr(main, side)]


def _one(tensor: Tensor) -> tuple[int, ...]:
    """The shape of one example."""
    return tuple(1 if n < 1 else n for n in tensor.shape)


def _kind(tensor: Tensor) -> str:
    if tensor.type not in _KINDS:
        raise ValueError(
            f"`path` must take and give numbers that Kotlin's buffers hold, {', '.join(_KINDS)}."
            f" Received: {tensor.type} of {tensor.name!r}"
        )
    return _KINDS[tensor.type]
