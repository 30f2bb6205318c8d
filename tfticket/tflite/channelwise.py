"""What XNNPACK's rewriting for sparse convolutions takes each operator for: the list, and no code.

The rewriting turns images from channels last to channels first, and back. An operator is one of

    enter   it reads channels last and can write channels first
    stay    it can read and write channels first
    leave   it can read channels first and write channels last
    stop    none of these: what it reads and writes has its channels last

and more than one where it can do more. Whether it is `stay` or `stop` depends for some, said to be
unsure below, on the version of the runtime. What follows from the list for a whole graph is found
by `rewriting`, and was held against hundreds of generated graphs on emulated processors, in
`benchmarks/generated_graphs`. A new finding there is a changed line here.

References:
    - XNNPACK, `xnn_check_nchw_compatibility`:
      https://github.com/google/XNNPACK/blob/master/src/subgraph.c
    - LiteRT, `tflite/delegates/xnnpack/xnnpack_delegate.cc`: which operators XNNPACK is given.
"""

from __future__ import annotations

__all__ = [
    "BINARY",
    "BLIND_TO_SHAPE",
    "CLAMPING",
    "DEPTHWISE_PADDING",
    "DEPTHWISE_STRIDES",
    "DEPTH_TO_SPACE",
    "ENTRY_CHANNELS",
    "ENTRY_KERNEL",
    "ENTRY_PADDING",
    "ENTRY_STRIDE",
    "GIVEN",
    "GIVEN_LATER",
    "NOT_GIVEN",
    "PADDING",
    "REDUCED_ALIKE",
    "REDUCTIONS",
    "RESIZING",
    "SPACE",
    "UNARY",
    "ZEROS_DENOMINATOR",
    "ZEROS_NUMERATOR",
]

# Element by element, of one image: they stay.
UNARY = {
    *("ABS", "CEIL", "COS", "ELU", "EXP", "FLOOR", "GELU", "HARD_SWISH", "LEAKY_RELU", "LOG"),
    *("LOGISTIC", "NEG", "RELU", "RELU6", "RELU_N1_TO_1", "ROUND", "RSQRT", "SIN", "SQRT"),
    *("SQUARE", "TANH"),
}
GIVEN_LATER = {"LOG"}  # not yet in 2.1.0
# Of two images they stay. With a constant they stop, numbers and vectors included; with one of four
# axes that is long in one of them only they are unsure.
BINARY = {"ADD", "MUL"}
# With a constant of one number they become a clamp, which stays; with any other they stop.
CLAMPING = {"MAXIMUM", "MINIMUM"}
# They stay and leave. What is left has the same order in both layouts if they take these axes away;
# one that keeps its dimensions gives them in the wrong order, which some readers do not look at.
REDUCTIONS = {"MEAN", "SUM"}
SPACE = {1, 2}
REDUCED_ALIKE = (SPACE, {3}, {*SPACE, 3})
BLIND_TO_SHAPE = {"RESHAPE"}
DEPTH_TO_SPACE = "DEPTH_TO_SPACE"  # leaves
RESIZING = "RESIZE_BILINEAR"  # stays; with one row or column it stops
PADDING = "PAD"  # part of the convolution that alone reads it, else it stops

# Convolutions: a 1x1 kernel that stays, the entry, and the depthwise kernels that stay, each with
# the padding on every side; strides of depthwise kernels are the same in both directions.
ENTRY_KERNEL, ENTRY_CHANNELS, ENTRY_STRIDE, ENTRY_PADDING = (3, 3), 3, 2, 1
DEPTHWISE_PADDING = {(3, 3): 1, (5, 5): 2}
DEPTHWISE_STRIDES = ((1, 1), (2, 2))

# A cluster is rewritten if more than this share of its 1x1 and Dense kernels is zero.
ZEROS_NUMERATOR, ZEROS_DENOMINATOR = 2, 3

# Given to XNNPACK in every version from 2.1.0 to 2.3.0: such an operator does not divide a graph.
# Not given in any of them: it does. All others are taken for either.
GIVEN = {
    *("AVERAGE_POOL_2D", "BATCH_MATMUL", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DIV"),
    *("EXPAND_DIMS", "FULLY_CONNECTED", "MAX_POOL_2D", "MAXIMUM", "MINIMUM", "PAD", "PRELU"),
    *("REDUCE_MAX", "REDUCE_MIN", "RESHAPE", "RESIZE_BILINEAR", "SLICE", "SOFTMAX"),
    *("SPACE_TO_DEPTH", "SPLIT", "SQUARED_DIFFERENCE", "SUB", "TRANSPOSE"),
    *("TRANSPOSE_CONV", *(UNARY - GIVEN_LATER), *BINARY, *REDUCTIONS, DEPTH_TO_SPACE),
}
NOT_GIVEN = {
    *("ADD_N", "ARG_MAX", "ARG_MIN", "BATCH_TO_SPACE_ND", "BROADCAST_TO", "CAST", "CONV_3D"),
    *("CUMSUM", "DYNAMIC_UPDATE_SLICE", "EMBEDDING_LOOKUP", "EQUAL", "FILL", "FLOOR_DIV"),
    *("FLOOR_MOD", "GATHER", "GATHER_ND", "GREATER", "GREATER_EQUAL", "L2_NORMALIZATION", "LESS"),
    *("LESS_EQUAL", "LOCAL_RESPONSE_NORMALIZATION", "LOG_SOFTMAX", "LOGICAL_AND", "LOGICAL_NOT"),
    *("LOGICAL_OR", "LSTM", "MIRROR_PAD", "NOT_EQUAL", "ONE_HOT", "PACK", "PADV2", "POW", "RANGE"),
    *("REDUCE_ANY", "REDUCE_PROD", "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "SELECT", "SELECT_V2"),
    *("SHAPE", "SIGN", "SPACE_TO_BATCH_ND", "SPLIT_V", "SQUEEZE", "TILE", "TOPK_V2", "UNPACK"),
    *("WHERE", "WHILE", "IF", "ZEROS_LIKE"),
}
