"""Training in few bits: weights, activations, gradients and errors rounded to a number format.

    with low_precision.compute_in(model, "float8") as lowered:
        model.fit(x, y)
    print(lowered)          # float8: e4m3 forward, e5m2 backward; emulated in float32

It works on any built model of either Keras, with `fit`, callbacks, `jit_compile` and training loops
of one's own; afterwards nothing of it is left. The arithmetic is float32's: what a machine with
such numbers would save is not saved here, but what they do to the training can be seen.
"""

from tfticket.low_precision.computing import LowPrecision, compute_in
from tfticket.low_precision.formats import PRECISIONS, NumberFormat, Precision, precision_of

__all__ = [
    "PRECISIONS",
    "LowPrecision",
    "NumberFormat",
    "Precision",
    "compute_in",
    "precision_of",
]
