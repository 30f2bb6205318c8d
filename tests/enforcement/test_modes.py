"""However Keras runs a step: compiled, eagerly, several at once, in bfloat16, on two devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfticket import enforce

MODES = {
    "compiled by XLA": {"jit_compile": True},
    "several steps at once": {"steps_per_execution": 3},
}


@pytest.mark.parametrize("mode", MODES)
def test_masks_hold_however_a_step_is_run(mode, keras, net, draw, data, leaks):
    model = net(keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True), **MODES[mode])
    masks = draw(model)
    with enforce(model, masks):
        model.fit(*data, batch_size=6, verbose=0)
        assert leaks(model, masks) == {}


def test_masks_hold_in_bfloat16(keras, net, draw, data, leaks):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = net()
    finally:
        keras.mixed_precision.set_global_policy("float32")
    masks = draw(model)
    with enforce(model, masks):
        model.train_on_batch(*data)
        assert leaks(model, masks) == {}


@pytest.mark.long  # as in training_setups/test_two_devices.py
def test_masks_hold_on_two_devices(run_script):
    run_script(Path(__file__).with_name("on_two_devices.py"))
