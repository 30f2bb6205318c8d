import json

import numpy as np
import pytest

from tfticket import actions
from tfticket.actions import RewindPoints
from tfticket.initializers import draws
from tfticket.masks import Masks
from tfticket.weights import read

MASKS = Masks({"kernel": np.array([True, True, False, True])})
INITIAL = {"kernel": np.array([1.0, 2.0, 3.0, 4.0], np.float32), "bias": np.zeros(1, np.float32)}
AT_500 = {"kernel": np.array([1.5, 2.5, 3.5, 4.5], np.float32), "bias": np.ones(1, np.float32)}
TRAINED = {"kernel": np.array([9.0, 8.0, 0.0, 6.0], np.float32), "bias": np.full(1, 7, np.float32)}
POINTS = RewindPoints({0: INITIAL, 500: AT_500}, {"kernel": lambda seed: np.full(4, seed * 1.0)})


@pytest.mark.parametrize(("step", "expected"), [(0, INITIAL), (500, AT_500)])
def test_rewind_returns_every_variable_to_its_value_at_the_step(step, expected):
    action = actions.Rewind(step)
    start = action(TRAINED, MASKS, POINTS)
    assert start["kernel"].tolist() == expected["kernel"].tolist()
    assert start["bias"].tolist() == expected["bias"].tolist()
    assert action.rewind_step == step


def test_rewinding_to_a_step_that_was_not_recorded_names_the_recorded_ones():
    with pytest.raises(ValueError, match=r"\[0, 500\].*step=7"):
        actions.Rewind(7)(TRAINED, MASKS, POINTS)


def test_weights_stay_under_learning_rate_rewinding_and_fine_tuning():
    for action, rewound in ((actions.RewindLearningRate(500), 500), (actions.FineTune(), None)):
        assert action(TRAINED, MASKS, POINTS)["kernel"].tolist() == [9, 8, 0, 6]
        assert action.rewind_step == rewound


def test_reinitialize_draws_kernels_anew_and_takes_the_rest_from_the_initialisation():
    start = actions.Reinitialize(seed=5)(TRAINED, MASKS, POINTS)
    assert start["kernel"].tolist() == [5, 5, 5, 5]
    assert start["bias"].tolist() == [0]


def test_a_sparse_layer_draws_larger_weights_for_the_inputs_that_are_left():
    """Three of four weights are kept: 5 becomes 5 · √(4 / 3)."""
    start = actions.ReinitializeSparse(seed=5)(TRAINED, MASKS, POINTS)
    np.testing.assert_allclose(start["kernel"], np.full(4, 5 * (4 / 3) ** 0.5), rtol=1e-6)
    assert start["bias"].tolist() == [0]


def test_reinitialize_from_kept_draws_from_the_kept_initial_values_only():
    drawn = {
        float(v)
        for seed in range(20)
        for v in actions.ReinitializeFromKept(seed)(TRAINED, MASKS, POINTS)["kernel"][[0, 1, 3]]
    }
    assert drawn == {1.0, 2.0, 4.0}


def test_reshuffle_keeps_the_multiset_of_kept_values_and_moves_them():
    shuffled = [actions.Reshuffle(s)(TRAINED, MASKS, POINTS)["kernel"] for s in range(6)]
    assert all(sorted(k[[0, 1, 3]].tolist()) == [1, 2, 4] for k in shuffled)
    assert len({tuple(k.tolist()) for k in shuffled}) > 1


LAYER = {"kernel": np.array([[1.0, -2.0, 3.0], [-4.0, 5.0, -6.0]], np.float32)}
LAYER_MASKS = Masks({"kernel": np.array([[True, True, False], [True, True, False]])})
LAYER_POINTS = RewindPoints({0: LAYER}, {"kernel": lambda seed: np.full((2, 3), -0.5)})


def started(action, path="kernel"):
    return action(LAYER, LAYER_MASKS, LAYER_POINTS)[path]


def test_reshuffling_the_layer_may_bring_in_values_of_pruned_weights():
    shuffled = [started(actions.Reshuffle(s, among="layer")) for s in range(20)]
    assert all(sorted(k.ravel().tolist()) == [-6, -4, -2, 1, 3, 5] for k in shuffled)
    assert {3.0, -6.0} & {float(v) for k in shuffled for v in k[LAYER_MASKS["kernel"]]}


@pytest.mark.parametrize(
    "action",
    [
        actions.Reinitialize(1, signed=True),
        actions.Reshuffle(1, signed=True),
        actions.Reshuffle(1, among="layer", signed=True),
        actions.SignedConstant(),
    ],
)
def test_signed_actions_keep_the_sign_of_every_initial_weight(action):
    kernel = started(action)
    assert (np.sign(kernel) == np.sign(LAYER["kernel"])).all()
    assert not np.array_equal(kernel, LAYER["kernel"])


def test_signed_reshuffling_among_kept_moves_magnitudes_of_kept_weights_only():
    kernels = [started(actions.Reshuffle(s, signed=True)) for s in range(6)]
    assert all(sorted(np.abs(k[LAYER_MASKS["kernel"]])) == [1, 2, 4, 5] for k in kernels)
    assert len({tuple(k.ravel()) for k in kernels}) > 1


def test_the_signed_constant_is_the_standard_deviation_of_the_whole_initial_layer():
    expected = np.std(LAYER["kernel"])
    assert np.allclose(np.abs(started(actions.SignedConstant())), expected)
    signs = {tuple(np.sign(started(actions.SignedConstant(True, s))).ravel()) for s in range(9)}
    assert len(signs) > 1 and all(sum(s) == 0 for s in signs)  # three of either, as initially


def test_rescaling_makes_up_for_what_is_gone_and_does_not_compound():
    once = started(actions.Rescale())
    assert np.allclose(once, LAYER["kernel"] * 6 / 4)
    again = actions.Rescale()({"kernel": once}, LAYER_MASKS, LAYER_POINTS)["kernel"]
    assert np.array_equal(once, again)
    for trained in (actions.FineTune(), actions.RewindLearningRate(), actions.Rescale()):
        with pytest.raises(ValueError, match="must start from a rewind point"):
            actions.Rescale(trained)


def test_rescaling_leaves_unmasked_weights_and_emptied_layers_alone():
    none = Masks({"kernel": np.zeros(4, bool)})
    start = actions.Rescale()(TRAINED, none, POINTS)
    assert np.isfinite(start["kernel"]).all()
    assert start["bias"].tolist() == INITIAL["bias"].tolist()


def test_an_action_learns_its_step_as_a_number():
    assert actions.Rewind("2ep").at_step(8) == actions.Rewind(8)
    assert actions.Rescale(actions.Rewind("2ep")).at_step(8).rewind_step == 8
    assert actions.Reshuffle(3).at_step(8) == actions.Reshuffle(3)


def test_pruned_weights_are_held_at_zero_at_init_or_at_zero_if_they_moved_there():
    toward = {"kernel": np.array([9.0, 8.0, 2.5, 6.0], np.float32)}  # 3.0 at first, pruned now
    away = {"kernel": np.array([9.0, 8.0, -3.5, 6.0], np.float32)}
    assert actions.Zero()(toward, MASKS, POINTS) == {}
    assert actions.FreezeAtInit()(toward, MASKS, POINTS)["kernel"].tolist() == [0, 0, 3, 0]
    assert actions.ZeroIfTowardZero()(toward, MASKS, POINTS)["kernel"].tolist() == [0, 0, 0, 0]
    assert actions.ZeroIfTowardZero()(away, MASKS, POINTS)["kernel"].tolist() == [0, 0, 3, 0]


def test_what_was_decided_about_a_pruned_weight_stays_decided():
    for final in (2.5, -3.5):
        weights = {"kernel": np.array([9.0, 8.0, final, 6.0], np.float32)}
        first = actions.ZeroIfTowardZero()(weights, MASKS, POINTS)
        held = {"kernel": np.where(MASKS["kernel"], weights["kernel"], first["kernel"])}
        assert np.array_equal(
            actions.ZeroIfTowardZero()(held, MASKS, POINTS)["kernel"], first["kernel"]
        )


@pytest.mark.parametrize("name", sorted(actions.PRUNED_ACTIONS))
def test_every_action_on_pruned_weights_is_pure_and_reloads_from_its_config(name):
    pruned = actions.get_pruned(name)
    for path, values in pruned(TRAINED, MASKS, POINTS).items():
        assert values.dtype == np.float32 and values.shape == MASKS[path].shape
        assert (values[MASKS[path]] == 0).all()
        assert not np.shares_memory(values, INITIAL[path])
    assert actions.get_pruned(pruned.config()) == pruned


SETTINGS = [
    *sorted(actions.ACTIONS),
    actions.Rewind(500),
    actions.Reinitialize(3, signed=True),
    actions.ReinitializeSparse(3),
    actions.Reshuffle(3, among="layer", signed=True),
    actions.SignedConstant(True, 3),
    actions.Rescale(actions.SignedConstant(True, 3)),
]


@pytest.mark.parametrize("action", SETTINGS, ids=str)
def test_every_action_returns_copies_of_every_variable_and_reloads_from_its_config(action):
    action = actions.get(action)
    start = action(TRAINED, MASKS, POINTS)
    again = action(TRAINED, MASKS, POINTS)
    assert set(start) == set(TRAINED)
    for path, array in start.items():
        assert array.dtype == np.float32
        assert np.array_equal(array, again[path])
        for source in (TRAINED, INITIAL, AT_500):
            assert not np.shares_memory(array, source[path])
    assert actions.get(json.loads(json.dumps(action.config()))) == action


def test_an_unknown_action_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="fine_tune"):
        actions.get("forget")
    with pytest.raises(ValueError, match="freeze_at_init"):
        actions.get_pruned("forget")
    with pytest.raises(ValueError, match="`among` must be"):
        actions.Reshuffle(among="neighbours")


def test_drawing_anew_follows_the_layers_own_initialiser_and_the_seed(keras):
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((4, 4, 1)),
            layers.DepthwiseConv2D(2, depthwise_initializer="he_normal", name="depthwise"),
            layers.SeparableConv2D(2, 2, name="separable"),
            layers.Flatten(),
            layers.Dense(50, kernel_initializer=keras.initializers.Constant(0.5), name="fixed"),
            layers.Dense(50, name="drawn"),
        ]
    )
    weights = read(model)
    found = draws(model, weights)
    assert set(found) == set(weights)
    assert (found["fixed/kernel"](1) == 0.5).all()
    first, again, other = (found["drawn/kernel"](s) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert abs(first).max() <= np.sqrt(6 / 100)  # Glorot uniform
    assert not np.array_equal(first, weights["drawn/kernel"])
