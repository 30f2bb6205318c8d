"""Operators of LiteRT for Microcontrollers, as `MicroMutableOpResolver` adds them.

https://github.com/tensorflow/tflite-micro, `micro_mutable_op_resolver.h` of 20 August 2026; custom
operators, such as those of audio front ends, are left out.
"""

from __future__ import annotations

__all__ = ["MICRO_OPERATORS", "TYPES", "adder"]

_NAMES = """
    ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND
    BROADCAST_ARGS BROADCAST_TO CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM
    DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL
    EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND GREATER
    GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL LOG
    LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM
    MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_ALL REDUCE_MAX
    REDUCE_MIN RELU RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT
    SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE
    SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF TANH TRANSPOSE TRANSPOSE_CONV
    UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE
"""
#: By their names in TFLite's schema.
MICRO_OPERATORS = frozenset(_NAMES.split())
_OF_FLOATS = "CEIL COS EXP FLOOR FLOOR_DIV FLOOR_MOD LOG ROUND SIN SQRT SQUARE"
_OF_FLOATS_AND_INT8 = "ELU GATHER GATHER_ND HARD_SWISH L2_NORMALIZATION LOG_SOFTMAX NEG RSQRT"
_OF_INT16_TOO = "ABS BATCH_MATMUL LEAKY_RELU LOGISTIC PRELU SELECT_V2 TANH TRANSPOSE_CONV"
#: Types that kernels write, of those that do not take both float32 and int8, or little besides.
TYPES: dict[str, frozenset[str]] = {
    **dict.fromkeys(_OF_FLOATS.split(), frozenset({"float32"})),
    **dict.fromkeys(_OF_FLOATS_AND_INT8.split(), frozenset({"float32", "int8"})),
    **dict.fromkeys(_OF_INT16_TOO.split(), frozenset({"float32", "int8", "int16"})),
}
_ADDERS = {
    "BATCH_MATMUL": "BatchMatMul",
    "CUMSUM": "CumSum",
    "PADV2": "PadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTM",
}


def adder(operator: str) -> str:
    """Returns the method of `MicroMutableOpResolver` that adds an operator.

    >>> adder("DEPTHWISE_CONV_2D"), adder("PADV2")
    ('AddDepthwiseConv2D', 'AddPadV2')

    Args:
        operator: one of `MICRO_OPERATORS`.
    """
    parts = [part if part[0].isdigit() else part.capitalize() for part in operator.split("_")]
    return f"Add{_ADDERS.get(operator) or ''.join(parts)}"
