"""The supermask layers of Keras 3."""

from tfticket.supermasks.layers.making import frozen_normalization, supermask

__all__ = [
    "SupermaskBatchNormalization",
    "SupermaskConv1D",
    "SupermaskConv2D",
    "SupermaskConv2DTranspose",
    "SupermaskConv3D",
    "SupermaskDense",
    "SupermaskDepthwiseConv2D",
]

SupermaskDense = supermask("keras", "Dense", __name__)
SupermaskConv1D = supermask("keras", "Conv1D", __name__)
SupermaskConv2D = supermask("keras", "Conv2D", __name__)
SupermaskConv3D = supermask("keras", "Conv3D", __name__)
SupermaskDepthwiseConv2D = supermask("keras", "DepthwiseConv2D", __name__)
SupermaskConv2DTranspose = supermask("keras", "Conv2DTranspose", __name__)
SupermaskBatchNormalization = frozen_normalization("keras", __name__)
