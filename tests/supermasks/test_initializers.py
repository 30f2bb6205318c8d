"""Kaiming's initialisations: variance, signs, scaled fans, and the same bits everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket.supermasks.initializers import (
    KaimingConstant,
    KaimingNormal,
    KaimingUniform,
    SignedKaimingConstant,
    get,
)

ALL = [KaimingNormal, KaimingUniform, SignedKaimingConstant, KaimingConstant]
SHAPE = (3, 3, 50, 40)  # fan-in 450


@pytest.mark.parametrize("cls", ALL)
def test_the_size_of_values_is_gain_over_root_fan_in(cls):
    values = cls(seed=0)(SHAPE)
    assert np.sqrt(np.mean(values**2)) == pytest.approx(np.sqrt(2 / 450), rel=0.02)
    assert values.dtype == np.float32


@pytest.mark.parametrize("cls", ALL)
def test_a_density_scales_the_fan(cls):
    dense, sparse = cls(seed=0)(SHAPE), cls(seed=0, density=0.25)(SHAPE)
    np.testing.assert_allclose(sparse, 2 * dense, rtol=1e-6)


@pytest.mark.parametrize(("inputs", "fan_in"), [((-2,), 450), ((-1,), 360), ((), 9)])
def test_the_fan_is_that_of_the_layers_inputs(inputs, fan_in):
    assert KaimingConstant(inputs=inputs)(SHAPE)[0, 0, 0, 0] == np.float32(np.sqrt(2 / fan_in))


def test_scores_start_within_one_over_root_fan_in():
    scores = KaimingUniform(seed=0, slope=5**0.5)(SHAPE)
    assert np.abs(scores).max() == pytest.approx(450**-0.5, rel=1e-3)


def test_signed_constants_have_the_signs_of_the_normal_values():
    normal, constant = (cls(seed=3)(SHAPE) for cls in (KaimingNormal, SignedKaimingConstant))
    np.testing.assert_array_equal(np.sign(normal), np.sign(constant))
    assert np.unique(np.abs(constant)).size == 1
    assert np.unique(KaimingConstant()(SHAPE)).size == 1


def test_values_are_the_same_on_every_machine():
    """Seed-only tickets rest on these very bits."""
    assert KaimingNormal(seed=1)((2, 2)).ravel().view(np.int32).tolist() == NORMAL_BITS
    assert KaimingUniform(seed=1)((2, 2)).ravel().view(np.int32).tolist() == UNIFORM_BITS


NORMAL_BITS = [1070590605, -1088644079, -1090046396, -1081518327]
UNIFORM_BITS = [-1097651229, 1061380815, -1075992868, -1087419616]


def test_without_a_seed_every_call_draws_other_values(keras):
    keras.utils.set_random_seed(7)
    first, second = KaimingNormal()(SHAPE), KaimingNormal()(SHAPE)
    assert not np.array_equal(first, second)
    keras.utils.set_random_seed(7)
    np.testing.assert_array_equal(KaimingNormal()(SHAPE), first)


@pytest.mark.parametrize("cls", ALL)
def test_a_plain_model_gets_keras_initialiser_of_the_same_variance(keras, cls):
    theirs = cls(seed=0, density=0.5, inputs=()).plain(keras, SHAPE)(SHAPE, dtype="float32")
    assert np.std(np.asarray(theirs)) == pytest.approx(np.sqrt(2 / 4.5), rel=0.02)


def test_initialisers_come_back_from_their_configurations():
    first = SignedKaimingConstant(seed=5, density=0.1, inputs=(-1,))
    assert get({"name": "signed_kaiming_constant", **first.get_config()}) == first
    assert SignedKaimingConstant.from_config(first.get_config()) == first


@pytest.mark.parametrize("settings", [{"density": 0.0}, {"density": 1.5}, {"seed": -1}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="must be"):
        KaimingNormal(**settings)
