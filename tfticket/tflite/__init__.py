"""A `.tflite` file as objects: parsed once, then inspected, measured, encoded, rewritten.

`File` is the way in. Nothing here knows of Keras, and nothing runs a file: see `litert`.
"""

from tfticket.tflite.arithmetic import multiply_adds
from tfticket.tflite.densify import densify
from tfticket.tflite.encoder import Encoded, Encoding, encode, encode_file
from tfticket.tflite.file import File, Operator, Subgraph, Tensor
from tfticket.tflite.hazards import Hazard, hazards
from tfticket.tflite.inspection import Inspection, inspect
from tfticket.tflite.micro import Micro, Obstacle, micro
from tfticket.tflite.rounding import Rounding, rounding
from tfticket.tflite.sizes import Bounds, Sizes, bounds, sizes
from tfticket.tflite.snippets import snippet
from tfticket.tflite.tensor_encoding import TensorEncoding
from tfticket.tflite.xnnpack import Cluster, cluster

__all__ = [
    "Bounds",
    "Cluster",
    "Encoded",
    "Encoding",
    "File",
    "Hazard",
    "Inspection",
    "Micro",
    "Obstacle",
    "Operator",
    "Rounding",
    "Sizes",
    "Subgraph",
    "Tensor",
    "TensorEncoding",
    "bounds",
    "cluster",
    "densify",
    "encode",
    "encode_file",
    "hazards",
    "inspect",
    "micro",
    "multiply_adds",
    "rounding",
    "sizes",
    "snippet",
]
