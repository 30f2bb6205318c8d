"""What is written into a model while masks are in force, and layers that masks cannot serve."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from tfticket import enforce, weights
from tfticket.enforcement import in_force, masks_in_force
from tfticket.errors import EnforcementError


def ones(layer):
    return [np.ones_like(w) for w in layer.get_weights()]


def nested(keras):
    layers = keras.layers
    inner = keras.Sequential([layers.Input((4,)), layers.Dense(6, name="x")], name="inner")
    model = keras.Sequential([layers.Input((4,)), inner, layers.Dense(2, name="y")])
    model.compile("sgd", "mse")
    return model, inner


@pytest.mark.parametrize("which", ["model", "inner model", "layer"])
def test_set_weights_obeys_the_masks_wherever_it_is_called(keras, draw, leaks, which):
    model, inner = nested(keras)
    masks = draw(model)
    target = {"model": model, "inner model": inner, "layer": inner.layers[-1]}[which]
    with enforce(model, masks):
        with pytest.warns(UserWarning, match="`set_weights` wrote weights of sparsity"):
            target.set_weights(ones(target))
        assert leaks(model, masks) == {}
    target.set_weights(ones(target))  # released: as written, and without a word
    assert all((w == 1).all() for w in target.get_weights())


def test_load_weights_obeys_the_masks_and_matching_ones_are_loaded_silently(
    keras, draw, leaks, tmp_path
):
    model, _ = nested(keras)
    masks, path = draw(model), str(tmp_path / "w.weights.h5")
    model.save_weights(path)
    with enforce(model, masks):
        with pytest.warns(UserWarning, match="`load_weights` wrote weights"):
            model.load_weights(path)
        assert leaks(model, masks) == {}
        model.save_weights(path)
        model.load_weights(path)


def test_two_enforcements_of_one_model_hold_both_and_say_it_once(keras, draw, leaks):
    model, _ = nested(keras)
    first, second = draw(model, prunable="x/"), draw(model, prunable="y/")
    with enforce(model, first), enforce(model, second):
        assert len(in_force(model)) == 2
        assert masks_in_force(model) == type(first)({**first, **second})
        with pytest.warns(UserWarning, match="`set_weights` wrote") as told:
            model.set_weights(ones(model))
        assert len(told) == 1
        assert leaks(model, first) == leaks(model, second) == {}
    assert masks_in_force(model) is None


def test_a_method_of_the_users_own_is_called_and_put_back(keras, draw):
    model, _ = nested(keras)
    calls, original = [], model.set_weights

    def counting(values):
        calls.append(len(values))
        original(values)

    object.__setattr__(model, "set_weights", counting)
    with enforce(model, draw(model)), pytest.warns(UserWarning, match="`set_weights` wrote"):
        model.set_weights(ones(model))
    assert model.set_weights is counting
    assert calls == [4]


def test_a_copy_of_the_model_is_free_of_masks(keras, draw, leaks):
    model, _ = nested(keras)
    masks = draw(model)
    with enforce(model, masks):
        copied = copy.deepcopy(model)
        clone = keras.models.clone_model(model)
        for other in (copied, clone):
            other.set_weights(ones(other))
            assert all((w == 1).all() for w in other.get_weights())
        assert leaks(model, masks) == {}


def test_layers_under_lora_are_refused_and_merging_helps(keras, draw, tmp_path):
    if keras.__name__ == "tf_keras":
        pytest.skip("tf_keras has no LoRA")
    model, inner = nested(keras)
    masks, layer = draw(model), inner.layers[-1]
    enforcement = enforce(model, masks)
    layer.enable_lora(2)
    model.compile("sgd", "mse")
    with pytest.raises(EnforcementError, match=r"must not be under LoRA.*layers=\['inner/x'\]"):
        enforcement.attach()
    enforcement.release()
    with pytest.raises(EnforcementError, match="must not be under LoRA"):
        enforce(model, masks)
    layer.lora_kernel_b.assign(np.ones(layer.lora_kernel_b.shape))
    expected = np.asarray(layer.kernel)
    path = str(tmp_path / "merged.weights.h5")
    model.save_weights(path)
    merged, _ = nested(keras)
    merged.load_weights(path)
    np.testing.assert_allclose(weights.read(merged)["inner/x/kernel"], expected, rtol=1e-6)
    with enforce(merged, masks) as held:
        held.check()


def test_layers_that_keras_has_quantised_are_refused(keras, draw):
    if keras.__name__ == "tf_keras":
        pytest.skip("tf_keras does not quantise")
    model, inner = nested(keras)
    masks = draw(model)
    inner.layers[-1].quantize("int8")
    with pytest.raises(EnforcementError, match="must not be quantised"):
        enforce(model, masks)


def test_a_model_that_loses_its_masks_to_one_that_shares_a_layer_is_named(keras, draw):
    k = keras
    base = k.Sequential([k.layers.Input((4,)), k.layers.Dense(3, name="shared")], name="base")
    given = k.layers.Input((4,))
    first, second = (
        k.Model(given, k.layers.Dense(2, name=f"head_{name}")(base(given)), name=name)
        for name in ("first", "second")
    )
    with enforce(first, draw(first)):
        with pytest.warns(UserWarning, match=r"'first' shares .* none is masked any more.*head"):
            second_masks = enforce(second, draw(second))
        second_masks.release()
