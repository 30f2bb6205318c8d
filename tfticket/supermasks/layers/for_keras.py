"""The supermask layers of Keras 3."""

from tfticket.supermasks.layers.making import supermask_layers

_LAYERS = supermask_layers("keras", __name__)
__all__ = list(_LAYERS)  # pyright: ignore[reportUnsupportedDunderAll]
globals().update(_LAYERS)
