"""A file as C++ sources: the array, and a program that runs it on a microcontroller."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tfticket._version import __version__
from tfticket.tflite.file import Tensor

__all__ = ["array", "example", "header"]

_PER_LINE = 12

_HEADER = """\
// {origin}
#ifndef {guard}
#define {guard}

extern const unsigned char {name}[];
extern const unsigned int {name}_len;

#endif  // {guard}
"""

_ARRAY = """\
// {origin}
#include "{name}.h"

alignas(16) extern const unsigned char {name}[] = {{
{rows}
}};
extern const unsigned int {name}_len = {length};
"""

_EXAMPLE = """\
// Runs {name} with LiteRT for Microcontrollers, https://github.com/tensorflow/tflite-micro
#include "{name}.h"

#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_log.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace {{

// {room}
// What was really taken is `interpreter.arena_used_bytes()`.
constexpr int kArenaBytes = {arena};
alignas(16) uint8_t arena[kArenaBytes];

using Resolver = tflite::MicroMutableOpResolver<{count}>;

TfLiteStatus AddOperators(Resolver& resolver) {{
{adding}
  return kTfLiteOk;
}}

}}  // namespace

TfLiteStatus Run{camel}() {{
  const tflite::Model* model = tflite::GetModel({name});
  static Resolver resolver;
  TF_LITE_ENSURE_STATUS(AddOperators(resolver));
  static tflite::MicroInterpreter interpreter(model, resolver, arena, kArenaBytes);
  TF_LITE_ENSURE_STATUS(interpreter.AllocateTensors());
{inputs}
  TF_LITE_ENSURE_STATUS(interpreter.Invoke());
{outputs}
  MicroPrintf("RAM taken: %d bytes", static_cast<int>(interpreter.arena_used_bytes()));
  return kTfLiteOk;
}}
"""
_FIELDS = {
    "float32": "f",
    "int8": "int8",
    "uint8": "uint8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "bool": "b",
}


def header(name: str, blob: bytes) -> str:
    """Returns the header that declares the array.

    Args:
        name: of the array, an identifier of C.
        blob: the file.
    """
    return _HEADER.format(name=name, guard=f"{name.upper()}_H_", origin=_origin(blob))


def array(name: str, blob: bytes) -> str:
    """Returns the source that holds the file.

    Args:
        name: of the array.
        blob: the file.
    """
    starts = range(0, len(blob), _PER_LINE)
    rows = ("".join(f" 0x{byte:02x}," for byte in blob[i : i + _PER_LINE]) for i in starts)
    text = "\n".join(f"   {row}" for row in rows)
    return _ARRAY.format(name=name, rows=text, length=len(blob), origin=_origin(blob))


def example(
    name: str,
    adders: Sequence[str],
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    *,
    arena_bytes: int,
    room: str,
) -> str:
    """Returns a program that runs the file once.

    Args:
        name: of the array.
        adders: methods of the resolver that add its operators.
        inputs: of the file.
        outputs: of the file.
        arena_bytes: of RAM to offer.
        room: what that number comes from, a sentence.
    """
    adding = [f"  TF_LITE_ENSURE_STATUS(resolver.{adder}());" for adder in adders]
    fed = [
        f"  // {_said(t)}\n  interpreter.input({i}){_data(t)} = 0;" for i, t in enumerate(inputs)
    ]
    read = [_printed(i, tensor) for i, tensor in enumerate(outputs)]
    return _EXAMPLE.format(
        name=name,
        camel=camel(name),
        count=len(adders),
        adding="\n".join(adding),
        inputs="\n".join(fed),
        outputs="\n".join(read),
        arena=arena_bytes,
        room=room,
    )


def camel(name: str) -> str:
    """Returns an identifier in the style of types.

    >>> camel("my_network")
    'MyNetwork'

    Args:
        name: in the style of variables.
    """
    return "".join(part.capitalize() for part in name.split("_"))


def _data(tensor: Tensor) -> str:
    return f"->data.{_FIELDS.get(tensor.type, 'raw')}[0]"


def _printed(number: int, tensor: Tensor) -> str:
    shown, kind = ("%f", "double") if tensor.type == "float32" else ("%d", "int")
    value = f"static_cast<{kind}>(interpreter.output({number}){_data(tensor)})"
    text = f'"first number of output {number}: {shown}"'
    return f"  // {_said(tensor)}\n  MicroPrintf({text}, {value});"


def _said(tensor: Tensor) -> str:
    """Type, shape and, of integers, what one stands for."""
    said = f"{tensor.type} {list(tensor.shape)}"
    scale = tensor.scale()
    if scale is None or scale.size != 1:
        return said
    zero = int(tensor.zero_points[0]) if tensor.zero_points.size else 0
    return f"{said}, real value = {float(scale.ravel()[0])!r} * (number - {zero})"


def _origin(blob: bytes) -> str:
    digest = hashlib.sha256(blob).hexdigest()
    return f"A TFLite file of {len(blob):,} bytes, SHA-256 {digest}, by tfticket {__version__}."
