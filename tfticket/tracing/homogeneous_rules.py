"""Makes single operations positively homogeneous while a model is replayed, and names them."""

from __future__ import annotations

from collections.abc import Mapping

from tfticket._lazy import tf
from tfticket.tracing.operations import Node, Rule, repeated
from tfticket.tracing.roles import is_gate, is_head, is_self_gate

__all__ = ["homogeneous_rules"]

_BOUNDED = ("Elu", "Selu", "Softplus", "Softsign", "Tanh")
_GATES = ("Relu6", "Sigmoid")
_SOFTMAXES = ("LogSoftmax", "Softmax")
_PRODUCTS = ("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum", "MatMul", "Mul")


def homogeneous_rules(replaced: list[str]) -> Mapping[str, Rule]:
    """Returns rules for single operations that are not homogeneous.

    A softmax or sigmoid that makes an output is left out: the sum of a softmax is 1 whatever the
    weights. Smooth and bounded activations become ReLU. Where they are factors of a product, so
    that ReLU would square the scale, they keep theirs, with the gradient of their logarithm: a gate
    stands at half its range, a softmax becomes shares of a sum. Of what flows out of a product of
    two flows, half comes from either.

    Args:
        replaced: is added to whenever something inside the model is replaced.
    """
    rules = _Rules(replaced)
    return {
        **dict.fromkeys(_BOUNDED, rules.rectified),
        **dict.fromkeys(_GATES, rules.gate),
        **dict.fromkeys(_SOFTMAXES, rules.softmax),
        **dict.fromkeys(_PRODUCTS, rules.product),
    }


class _Rules:
    """The rules, with the list in which they name what they replaced."""

    def __init__(self, replaced: list[str]):
        self._replaced = replaced

    def rectified(self, node: Node, inputs: list) -> tf.Tensor:
        self._tell(node, f"{node.op} → relu")
        return tf.nn.relu(inputs[0])

    def gate(self, node: Node, inputs: list) -> tf.Tensor:
        full = 6.0 if node.op == "Relu6" else 1.0
        if node.op == "Sigmoid" and is_head(node):
            return inputs[0]
        if is_self_gate(node):
            self._tell(node, f"x·{node.op} → x")
            return tf.stop_gradient(tf.fill(tf.shape(inputs[0]), tf.constant(full, tf.float64)))
        if not is_gate(node):
            return self.rectified(node, inputs)
        self._tell(node, f"{node.op} → a gate half open")
        parts = tf.nn.relu(inputs[0])
        still = tf.stop_gradient(parts)
        return full / 2 * (1 + tf.math.divide_no_nan(parts - still, still))

    def softmax(self, node: Node, inputs: list) -> tf.Tensor:
        if is_head(node):
            return inputs[0]
        self._tell(node, f"{node.op} → shares of the sum")
        parts = tf.nn.relu(inputs[0])
        return tf.math.divide_no_nan(parts, tf.stop_gradient(tf.reduce_sum(parts, -1, True)))

    def product(self, node: Node, inputs: list) -> tf.Tensor:
        ((value,),) = repeated(node, inputs).values()
        if sum(node.varying) < 2 or not value.dtype.is_floating:
            return value
        self._tell(node, f"{node.op} of two flows → half from either")
        return (value + tf.stop_gradient(value)) / 2

    def _tell(self, node: Node, text: str) -> None:
        self._replaced.append(f"{node.name}: {text}")
