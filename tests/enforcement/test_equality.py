"""Training with masks in force equals training the sparse network, number for number.

The reference multiplies kernel by mask in its forward pass, so nothing about a pruned weight can
reach its loss, its gradients or their norms.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket import enforce, weights
from tfticket.enforcement import pruned_weight
from tfticket.masks import Masks

OPTIMIZERS = {
    "nesterov": lambda o: o.SGD(0.1, momentum=0.9, nesterov=True),
    "adam": lambda o: o.Adam(0.05),
    "adamw": lambda o: o.AdamW(0.05, weight_decay=0.1),
    "global_clipnorm": lambda o: o.SGD(0.5, momentum=0.9, global_clipnorm=0.1),
    "clipnorm": lambda o: o.Adam(0.05, clipnorm=0.05),
    "average": lambda o: o.SGD(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3),
    "accumulation": lambda o: o.SGD(0.5, global_clipnorm=0.1, gradient_accumulation_steps=2),
    "legacy": lambda o: o.legacy.SGD(0.5, momentum=0.9, nesterov=True, clipnorm=0.05),
    "loss scale": lambda o: o.Adam(0.05, global_clipnorm=0.1),
}
ONLY = {"accumulation": "keras", "legacy": "tf_keras"}


def sparse(keras, model, masks):
    """The reference: the same net and the same weights, with masks in its forward pass."""

    class SparseDense(keras.layers.Dense):
        def call(self, inputs):
            kernel = tf.convert_to_tensor(self.kernel)
            kernel *= tf.cast(masks[f"{self.name}/kernel"], kernel.dtype)
            return self.activation(tf.matmul(inputs, kernel) + tf.convert_to_tensor(self.bias))

    def of(layer):
        dense = isinstance(layer, keras.layers.Dense)
        return (SparseDense if dense else type(layer)).from_config(layer.get_config())

    reference = keras.models.clone_model(model, clone_function=of)
    reference.set_weights(model.get_weights())
    return reference


def cases():
    return [
        pytest.param(keras, name, id=f"{keras}-{name}")
        for name in OPTIMIZERS
        for keras in ("keras", "tf_keras")
        if ONLY.get(name, keras) == keras
    ]


@pytest.mark.parametrize(("keras", "name"), cases(), indirect=["keras"])
def test_training_equals_that_of_the_sparse_network(keras, name, net, draw, data):
    if name == "loss scale":
        keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = net(OPTIMIZERS[name](keras.optimizers))
        masks = draw(model)
        reference = sparse(keras, model, masks)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    reference.compile(OPTIMIZERS[name](keras.optimizers), model.loss)

    expected = reference.fit(*data, batch_size=6, epochs=3, shuffle=False, verbose=0)
    with enforce(model, masks):
        found = model.fit(*data, batch_size=6, epochs=3, shuffle=False, verbose=0)

    # In float16 TensorFlow fuses the two forward passes differently; in float32 not a bit differs.
    tolerance = {"rtol": 5e-3, "atol": 5e-3} if name == "loss scale" else {"rtol": 0}
    np.testing.assert_allclose(found.history["loss"], expected.history["loss"], **tolerance)
    references = weights.read_all(reference)
    for path, weight in weights.read_all(model).items():
        kept = np.where(masks.get(path, True), references[path], 0)
        np.testing.assert_allclose(weight, kept, err_msg=path, **tolerance)


def test_clipping_would_tell_the_difference(keras, net, draw, data):
    """The net and its optimizer are such that counting pruned gradients changes the training."""
    dense, masked = (net(OPTIMIZERS["global_clipnorm"](keras.optimizers)) for _ in range(2))
    masks = draw(dense)
    start = {p: np.where(masks.get(p, True), w, 0) for p, w in weights.read_all(dense).items()}
    weights.write(dense, start)

    dense.train_on_batch(*data)
    with enforce(masked, masks):
        masked.train_on_batch(*data)

    bias = "hidden/bias"
    assert not np.allclose(weights.read_all(dense)[bias], weights.read_all(masked)[bias])


def test_masks_of_large_weights_take_a_byte_each_and_do_the_same(
    keras, net, draw, data, monkeypatch
):
    def trained():
        model = net(OPTIMIZERS["adam"](keras.optimizers))
        masks = draw(model)
        with enforce(model, masks) as enforcement:
            model.fit(*data, batch_size=6, epochs=2, shuffle=False, verbose=0)
            first = next(iter(masks))
            fewer = {p: m & (np.arange(m.size).reshape(m.shape) % 2 == 0) for p, m in masks.items()}
            enforcement.update(Masks(fewer))
            held = weights.variables(model)[first].constraint.pruned_weight
            assert np.array_equal(held.mask, fewer[first])
            model.fit(*data, batch_size=6, epochs=2, shuffle=False, verbose=0)
            enforcement.check()
        return held._mask.dtype, weights.read_all(model)

    small, expected = trained()
    monkeypatch.setattr(pruned_weight, "_MAX_NUMBERS", 0)
    large, found = trained()
    assert (small, large) == (tf.float32, tf.bool)
    assert all(np.array_equal(found[p], w) for p, w in expected.items())
