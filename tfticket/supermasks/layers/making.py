"""Makes the supermask classes of one Keras from those of its own layers."""

from __future__ import annotations

from typing import Any

from tfticket import _keras
from tfticket.supermasks.layers.masked_kernel import Frozen, MaskedKernel
from tfticket.supermasks.registration import PACKAGE

__all__ = ["KINDS", "supermask_layers"]

#: Layers of Keras that have a supermask version with a masked kernel.
KINDS = ("Dense", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv2D", "Conv2DTranspose")

_INPUTS = {"DepthwiseConv2D": (), "Conv2DTranspose": (-1,)}


def supermask_layers(keras: Any, module: str) -> dict[str, Any]:
    """Makes the supermask layers of one Keras, and registers them there.

    Args:
        keras: which Keras.
        module: the module the classes will be attributes of.

    Returns:
        The classes by name: one for each of `KINDS`, and `SupermaskBatchNormalization`.
    """
    made = [*(_masked(keras, kind, module) for kind in KINDS), _normalization(keras, module)]
    return {cls.__name__: cls for cls in made}


def _masked(keras: Any, kind: str, module: str) -> Any:
    """Makes the supermask version of a layer with a kernel."""
    layers: Any = _keras.module(keras).layers
    parent = getattr(layers, kind)
    kernel = property(MaskedKernel._get_kernel, MaskedKernel._set_kernel)
    namespace = {
        "__doc__": _DOC.format(kind=kind, keras=_keras.module(keras).__name__),
        "plain_class": parent,
        "_layer_class": layers.Layer,
        "kernel_inputs": _INPUTS.get(kind, (-2,)),
        "kernel": kernel,
    }
    if _keras.module(keras).__name__ == "keras":
        namespace["_kernel"] = kernel  # where its Dense and Conv keep it
    if kind == "DepthwiseConv2D":
        namespace["initializer_name"] = "depthwise_initializer"
        namespace["depthwise_kernel"] = kernel  # tf_keras' name for it
    return _registered(keras, f"Supermask{kind}", (MaskedKernel, parent), namespace, module)


def _normalization(keras: Any, module: str) -> Any:
    """Makes the batch normalisation of supermask models."""
    parent = _keras.module(keras).layers.BatchNormalization
    namespace = {"__doc__": _NORMALIZATION_DOC, "plain_class": parent}
    return _registered(keras, "SupermaskBatchNormalization", (Frozen, parent), namespace, module)


def _registered(
    keras: Any, name: str, bases: tuple[type, ...], namespace: dict[str, Any], module: str
) -> Any:
    cls = type(name, bases, {**namespace, "__module__": module, "__qualname__": name})
    return _keras.module(keras).saving.register_keras_serializable(PACKAGE, name)(cls)


_DOC = """`{keras}.layers.{kind}` with a trained mask on its kernel.

    Takes every argument of its parent, in the same places, and three by name: `masker`,
    `scores_initializer` and `scores_regularizer`; see `MaskedKernel`. Its only trainable weight is
    `scores`, unless the masker trains the others too.
    """

_NORMALIZATION_DOC = """Batch normalisation whose scale and offset are frozen.

    Statistics follow the batches as ever, unlike those of a layer with `trainable=False`.
    """
