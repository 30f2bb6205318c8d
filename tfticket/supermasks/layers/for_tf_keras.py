"""The supermask layers of tf_keras, the legacy Keras."""

from tfticket.supermasks.layers.making import supermask_layers

_LAYERS = supermask_layers("tf_keras", __name__)
__all__ = list(_LAYERS)  # pyright: ignore[reportUnsupportedDunderAll]
globals().update(_LAYERS)
