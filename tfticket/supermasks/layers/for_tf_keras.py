"""The supermask layers of tf_keras, the legacy Keras."""

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

SupermaskDense = supermask("tf_keras", "Dense", __name__)
SupermaskConv1D = supermask("tf_keras", "Conv1D", __name__)
SupermaskConv2D = supermask("tf_keras", "Conv2D", __name__)
SupermaskConv3D = supermask("tf_keras", "Conv3D", __name__)
SupermaskDepthwiseConv2D = supermask("tf_keras", "DepthwiseConv2D", __name__)
SupermaskConv2DTranspose = supermask("tf_keras", "Conv2DTranspose", __name__)
SupermaskBatchNormalization = frozen_normalization("tf_keras", __name__)
