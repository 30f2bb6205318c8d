from __future__ import annotations

import numpy as np
import pytest

from tfticket.masks import Masks
from tfticket.reports import profile, profile_model
from tfticket.tickets import Ticket


def ticket(kept):
    """2 x 2 weights and 2 biases that start at 0."""
    masks = Masks({"dense/kernel": np.array(kept, bool).reshape(2, 2)})
    weights = {
        "dense/kernel": np.ones((2, 2), np.float32),
        "dense/bias": np.zeros(2, np.float32),
        "seed_generator/state": np.zeros(2, np.uint32),
    }
    return Ticket(masks, weights)


def test_sparsity_is_of_the_prunable_weights_and_model_sparsity_of_all_parameters():
    found = profile(ticket([1, 0, 0, 0]))
    assert (found.sparsity, found.num_parameters) == (0.75, 6)
    assert found.model_sparsity == 0.5  # 3 of 6: biases that start at 0 are no zeros
    assert found.compression_ratio == 4.0


def test_every_weight_has_a_row():
    (row,) = profile(ticket([1, 0, 0, 1])).layers
    assert (row.path, row.shape) == ("dense/kernel", (2, 2))
    assert (row.num_weights, row.num_kept, row.sparsity) == (4, 2, 0.5)


def test_nothing_kept_is_an_infinite_ratio_which_json_calls_none():
    found = profile(ticket([0, 0, 0, 0]))
    assert found.compression_ratio == float("inf")
    assert found.to_dict()["compression_ratio"] is None


def test_a_layer_through_which_nothing_passes_is_named():
    masks = Masks({"a": np.zeros((2, 2), bool), "b": np.ones((2, 2), bool)})
    arrays = {p: np.ones((2, 2), np.float32) for p in masks}
    found = profile(Ticket(masks, arrays))
    assert found.collapsed == ("a",)
    assert "nothing passes through: a" in str(found)


def test_the_text_has_layers_and_totals():
    text = str(profile(ticket([1, 0, 0, 0])))
    assert "dense/kernel  2x2          4     1    0.7500" in text
    assert "compression ratio 4.00" in text


@pytest.fixture
def model(keras):
    built = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name="dense")])
    kernel = np.array([[1.0, 0.0], [2.0, 3.0]], np.float32)
    built.layers[0].set_weights([kernel, np.ones(2, np.float32)])
    return built


def test_masks_and_not_zeros_say_what_a_model_keeps(model):
    masks = Masks({"dense/kernel": np.array([[True, True], [False, True]])})
    found = profile_model(model, masks)
    assert (found.sparsity, found.counted) == (0.25, "masks")


def test_without_masks_zeros_are_counted_and_it_is_said(model):
    found = profile_model(model)
    assert (found.sparsity, found.counted) == (0.25, "zeros")
    assert found.model_sparsity == pytest.approx(1 / 6)
    assert "zeros were counted" in str(found)
