"""convert: any Sequential or functional model as a supermask model."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tfticket import supermasks, weights
from tfticket.supermasks import EdgePopup, Signed

from .conftest import KERNELS

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_with_everything_kept_the_converted_model_computes_the_same(make_network, batch):
    model = make_network()
    model.get_layer("norm").set_weights([np.full(4, v, np.float32) for v in (2, 1, 0.1, 3)])
    supermask = supermasks.convert(model, masker=EdgePopup(1.0))
    np.testing.assert_allclose(supermask(batch[0]), model(batch[0]), rtol=1e-5, atol=1e-6)
    before, after = weights.read_all(model), weights.read_all(supermask)
    assert all(before[p].tobytes() == after[p].tobytes() for p in before)
    added = [p.rpartition("/")[2] for p in after if p not in before]
    assert (
        added
        == ["scores"] * 4
        == [str(v.name).rpartition("/")[2].partition(":")[0] for v in supermask.trainable_variables]
    )


def test_kernels_are_drawn_anew_from_a_seed_if_asked(make_network):
    model = make_network()
    drawn = [
        weights.read_all(
            supermasks.convert(model, initializer="signed_kaiming_constant", seed=seed)
        )
        for seed in (0, 0, 1)
    ]
    for path in KERNELS:
        assert np.unique(np.abs(drawn[0][path])).size == 1
        np.testing.assert_array_equal(drawn[0][path], drawn[1][path])
        assert not np.array_equal(drawn[0][path], drawn[2][path])
    assert np.abs(drawn[0]["each/kernel"]).max() == np.float32((2 / 9) ** 0.5)
    assert np.abs(drawn[0]["inner/up/kernel"]).max() == np.float32((2 / 16) ** 0.5)


def test_normalisation_follows_the_batches_with_its_affine_frozen(keras, make_network, batch):
    supermask = supermasks.convert(make_network())
    before = weights.read_all(supermask)
    supermask.compile("sgd", "mse")
    supermask.fit(*batch, verbose=0)
    after = weights.read_all(supermask)
    assert not np.array_equal(before["norm/moving_mean"], after["norm/moving_mean"])
    for name in ("gamma", "beta"):
        np.testing.assert_array_equal(before[f"norm/{name}"], after[f"norm/{name}"])


def test_one_masker_ranks_all_layers_of_one_model(make_network):
    masker = Signed(0.1, scope="global")
    first, second = (supermasks.convert(make_network(), masker=masker) for _ in range(2))
    for model in (first, second):
        masks = supermasks.to_plain(model)[1].masks
        assert masks.num_kept == round(0.1 * masks.num_weights)
    assert masker.ranking.members == []  # each model has its own


def test_layers_without_a_supermask_version_are_named_and_frozen(keras):
    make = keras.layers
    model = keras.Sequential(
        [
            make.Input((5, 4)),
            make.LayerNormalization(name="norm"),
            make.GRU(3, name="gru"),
            make.Dense(2, name="output"),
        ]
    )
    with pytest.warns(UserWarning, match="'norm': 'LayerNormalization', 'gru': 'GRU'"):
        supermask = supermasks.convert(model)
    assert [v.shape for v in supermask.trainable_variables] == [(3, 2)]
    with pytest.raises(ValueError, match="no supermask version"):
        supermasks.convert(model, on_unsupported="raise")


def test_subclasses_are_left_alone_and_frozen_layers_are_not(keras):
    class Mine(keras.layers.Dense):
        pass

    make = keras.layers
    layers = [Mine(3, name="mine"), make.Dense(2, trainable=False, name="frozen")]
    model = keras.Sequential([make.Input((4,)), *layers])
    with pytest.warns(UserWarning, match="'mine': 'Mine'"):
        supermask = supermasks.convert(model)
    assert [v.shape for v in supermask.trainable_variables] == [(3, 2)]


def test_scores_are_regularised_if_asked(keras, make_small):
    penalty = keras.regularizers.L2(0.5)
    supermask = supermasks.convert(make_small(), scores_regularizer=penalty)
    scores = [np.asarray(v) for v in supermask.trainable_variables]
    expected = sum(0.5 * np.sum(s**2) for s in scores)
    np.testing.assert_allclose(sum(float(x) for x in supermask.losses), expected, rtol=1e-5)


def test_lambda_layers_are_taken_over(keras):
    layers = [keras.layers.Lambda(lambda x: 2 * x), keras.layers.Dense(3, name="output")]
    model = keras.Sequential([keras.layers.Input((4,)), *layers])
    supermask = supermasks.convert(model, masker=EdgePopup(1.0))
    x = np.ones((2, 4), np.float32)
    np.testing.assert_array_equal(supermask(x), model(x))
    np.testing.assert_array_equal(supermasks.to_plain(supermask)[0](x), model(x))


def test_shared_layers_stay_shared(keras):
    shared = keras.layers.Dense(4, name="shared")
    inputs = keras.layers.Input((4,), name="inputs")
    model = keras.Model(inputs, shared(shared(inputs)))
    assert len(supermasks.convert(model).trainable_variables) == 1


def test_what_cannot_be_converted_is_refused(keras):
    class Subclassed(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(ValueError, match="must be a built Sequential or functional model"):
        supermasks.convert(Subclassed())
    flat = keras.Sequential([keras.layers.Input((4,)), keras.layers.ReLU()])
    with pytest.raises(ValueError, match="must have a layer of one of these kinds"):
        supermasks.convert(flat)
    with pytest.raises(ValueError, match="`on_unsupported` must be"):
        supermasks.convert(flat, on_unsupported="ignore")


def test_converting_warns_of_nothing_it_supports(make_network):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        supermasks.convert(make_network())
