"""Factorised layers: each is its Keras parent with a product of two thinner kernels for its kernel.

`of("keras")` and `of("tf_keras")` return the classes of that Keras. Importing this module makes
both Kerases able to load models that contain them.
"""

from __future__ import annotations

import contextlib
import functools
from types import SimpleNamespace
from typing import Any, ClassVar

import tensorflow as tf

from tfticket import _keras
from tfticket.factorization.decomposition import factor_shapes, product
from tfticket.kinds import is_altered
from tfticket.own_kernels import OwnKernel
from tfticket.seeds import derived_seed

__all__ = ["KINDS", "FactorizedKernel", "OnProduct", "obstacle", "of"]

#: Layers of Keras that have a factorised version.
KINDS = ("Dense", "Conv2D")

_PACKAGE = "tfticket"


class FactorizedKernel(OwnKernel):
    """Mixed into a Keras layer with a kernel: it computes with two factors, one after the other.

    The regulariser of the kernel acts on the product of the factors, as it acted on the kernel:
    `L2(λ / 2)` is Frobenius decay, `½ λ ‖kernel_in · kernel_out‖²`.

    Args:
        *args: what the parent takes.
        kernel_rank: of the product, at least 1.
        **options: what the parent takes, without `kernel_constraint`, and `groups` of a
            convolution. The kernel's initialiser draws each factor by its own shape.

    Attributes:
        kernel_rank: the rank.
        kernel_in: the factor nearer to the inputs, `[in, rank]` or `[h, 1, in, rank]`.
        kernel_out: the other one, `[rank, out]` or `[1, w, rank, out]`.
        plain_class: the parent.
    """

    made_plain_by: ClassVar[str] = "factorization.defactorize"
    plain_class: ClassVar[type]
    _on_product: ClassVar[type]
    kernel_in: Any
    kernel_out: Any

    def __init__(self, *args: Any, kernel_rank: int, **options: Any):
        if not isinstance(kernel_rank, int) or kernel_rank < 1:
            raise ValueError(
                f"`kernel_rank` must be a whole number, at least 1. Received: {kernel_rank!r}"
            )
        super().__init__(*args, **options)
        reason = obstacle(self)
        if reason:
            raise ValueError(f"a factorised layer cannot be like this: {reason}.")
        self.kernel_rank = kernel_rank

    def build(self, input_shape: Any) -> None:
        """Makes the factors and the bias."""
        layer: Any = self
        is_conv = hasattr(self, "kernel_size")
        axis = 1 if is_conv and layer.data_format == "channels_first" else -1
        inputs = int(input_shape[axis])
        size = layer.kernel_size if is_conv else ()
        outputs = layer.filters if is_conv else layer.units
        first, last = factor_shapes((*size, inputs, outputs), self.kernel_rank)
        penalty = self._on_product(self) if layer.kernel_regularizer is not None else None
        self.kernel_in = layer.add_weight(
            name="kernel_in",
            shape=first,
            initializer=layer.kernel_initializer,
            regularizer=penalty,
        )
        self.kernel_out = layer.add_weight(
            name="kernel_out", shape=last, initializer=_another(layer.kernel_initializer)
        )
        self.bias = None
        if layer.use_bias:
            self.bias = layer.add_weight(
                name="bias",
                shape=(outputs,),
                initializer=layer.bias_initializer,
                regularizer=layer.bias_regularizer,
                constraint=layer.bias_constraint,
            )
        spec = _keras.module(self).layers.InputSpec
        self.input_spec = spec(min_ndim=len(size) + 2, axes={axis: inputs})
        self.built = True

    @property
    def kernel(self) -> Any:
        """The product of the factors, as a tensor."""
        return product(*_read(self), einsum=tf.einsum)

    @property
    def kernel_in_initializer(self) -> Any:
        """What `kernel_in` is drawn by."""
        return self.kernel_initializer  # type: ignore[attr-defined]

    @property
    def kernel_out_initializer(self) -> Any:
        """What `kernel_out` is drawn by."""
        return self.kernel_initializer  # type: ignore[attr-defined]

    def call(self, inputs: Any) -> Any:
        """Computes what the parent does, with the factors one after the other."""
        layer: Any = self
        steps = _convolved if hasattr(self, "kernel_size") else _multiplied
        found = steps(layer, inputs)
        return found if layer.activation is None else layer.activation(found)

    def get_prunable_weights(self) -> list[Any]:
        """Returns both factors: they are what may be masked."""
        return [self.kernel_in, self.kernel_out]

    def get_config(self) -> dict[str, Any]:
        """Returns the parent's configuration, and the rank."""
        return {**super().get_config(), "kernel_rank": self.kernel_rank}  # type: ignore[misc]


def obstacle(layer: Any) -> str:
    """Returns why a Dense or Conv2D layer has no factorised version; nothing if it has one.

    Args:
        layer: of either Keras.
    """
    if getattr(layer, "groups", 1) > 1:
        return "its groups of channels are convolved apart from each other"
    if layer.kernel_constraint is not None:
        return "its kernel_constraint acts on the whole kernel"
    if is_altered(layer):
        return "Keras computes its kernel from other weights (quantised, or LoRA)"
    return ""


@functools.cache
def _classes(name: str) -> SimpleNamespace:
    keras = _keras.module(name)
    penalty = type("OnProduct", (OnProduct, keras.regularizers.Regularizer), {})
    made = {}
    for kind in KINDS:
        parent = getattr(keras.layers, kind)
        namespace = {
            "__doc__": _DOC.format(kind=kind, keras=name),
            "__module__": __name__,
            "plain_class": parent,
            "_layer_class": keras.layers.Layer,
            "_on_product": penalty,
        }
        cls = type(f"Factorized{kind}", (FactorizedKernel, parent), namespace)
        made[cls.__name__] = keras.saving.register_keras_serializable(_PACKAGE, cls.__name__)(cls)
    return SimpleNamespace(**made)


def of(keras: Any = "keras") -> SimpleNamespace:
    """Returns the factorised layers of one Keras.

    >>> of("keras").FactorizedDense(10, kernel_rank=2, name="output").kernel_rank
    2

    Args:
        keras: `"keras"`, `"tf_keras"`, either module, or an object of one of them.

    Returns:
        A namespace with `FactorizedDense` and `FactorizedConv2D`.
    """
    return _classes(_keras.module(keras).__name__)


class OnProduct:
    """Mixed into a regulariser of Keras: that of a factorised layer's kernel, on the product.

    Args:
        layer: the layer.
    """

    def __init__(self, layer: Any):
        self._layer = layer

    def __call__(self, factor: Any) -> Any:
        """Returns the penalty; it belongs to one of the factors and looks at both."""
        del factor
        return self._layer.kernel_regularizer(self._layer.kernel)


def _another(initializer: Any) -> Any:
    """An initialiser that draws other numbers: the same one would draw both factors alike."""
    config = initializer.get_config() if hasattr(initializer, "get_config") else {}
    if not isinstance(config.get("seed", ""), (int, type(None))):
        return initializer
    if config["seed"] is not None:
        config["seed"] = derived_seed(config["seed"], "kernel_out")
    return type(initializer).from_config(config)


def _read(layer: Any) -> list[Any]:
    return [tf.convert_to_tensor(factor) for factor in (layer.kernel_in, layer.kernel_out)]


def _multiplied(layer: Any, inputs: Any) -> Any:
    found = inputs
    for factor in _read(layer):
        found = tf.tensordot(found, factor, 1) if len(found.shape) > 2 else found @ factor
    return found if layer.bias is None else tf.nn.bias_add(found, tf.convert_to_tensor(layer.bias))


def _convolved(layer: Any, inputs: Any) -> Any:
    """Along the rows, then along the columns; of the two, each has its half of every setting."""
    is_first = layer.data_format == "channels_first"
    found = tf.transpose(inputs, (0, 2, 3, 1)) if is_first else inputs
    for axis, factor in enumerate(_read(layer)):
        strides, dilations = [1, 1], [1, 1]
        strides[axis], dilations[axis] = layer.strides[axis], layer.dilation_rate[axis]
        padding = layer.padding.upper()
        found = tf.nn.convolution(found, factor, strides, padding, dilations=dilations)
    if layer.bias is not None:
        found = tf.nn.bias_add(found, tf.convert_to_tensor(layer.bias))
    return tf.transpose(found, (0, 3, 1, 2)) if is_first else found


_DOC = """`{keras}.layers.{kind}` whose kernel is a product of two thinner ones.

    Takes every argument of its parent, in the same places, and `kernel_rank` by name; see
    `FactorizedKernel`.
    """

for _found in _keras.installed():
    with contextlib.suppress(RuntimeError):  # Keras 3 on another backend; the other may be used
        of(_found)
