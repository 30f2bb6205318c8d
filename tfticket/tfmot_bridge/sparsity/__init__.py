"""`tfmot.sparsity`, for scripts whose import was changed."""

from tfticket.tfmot_bridge.sparsity import keras

__all__ = ["keras"]
