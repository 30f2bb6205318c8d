import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from tfticket import callbacks, enforcement, graph, masks, schedules, selection, slimming, weights
from tfticket.errors import MismatchError
from tfticket.masks import Masks
from tfticket.reports.profile import profile_model
from tfticket.selection.threshold import threshold_masks
from tfticket.tickets import Ticket

HALF = Masks({"a": np.array([[True, False], [True, False]]), "b": np.array([True, False])})

mask_arrays = st.dictionaries(
    st.sampled_from("abc"), hnp.arrays(bool, hnp.array_shapes(max_dims=3)), min_size=1
)


@settings(deadline=None)
@given(mask_arrays)
def test_the_identities_of_the_glossary_hold(arrays):
    found = Masks(arrays)
    assert found.density + found.sparsity == pytest.approx(1)
    assert found.sparsity == pytest.approx(1 - found.num_kept / found.num_weights)
    if found.num_kept:
        assert found.compression_ratio * found.density == pytest.approx(1)
    assert masks.distance(found, found) == 0


@settings(deadline=None)
@given(mask_arrays)
def test_packing_and_unpacking_gives_the_same_masks_at_one_bit_per_weight(arrays):
    found = Masks(arrays)
    packed = masks.pack(found)
    assert masks.unpack(packed, {p: m.shape for p, m in found.items()}) == found
    assert all(packed[p].nbytes == (m.size + 7) // 8 for p, m in found.items())


def test_masks_cannot_be_changed_through_any_reference():
    source = np.array([True, False])
    found = Masks({"a": source})
    source[1] = True
    assert found["a"].tolist() == [True, False]
    with pytest.raises(ValueError, match="read-only"):
        found["a"][1] = True


def test_distance_is_the_fraction_of_differing_positions():
    assert masks.distance(HALF, masks.ones_like(HALF)) == 0.5


def test_apply_zeroes_masked_weights_and_copies_the_rest():
    weights = {"a": np.full((2, 2), np.nan), "b": np.ones(2), "bias": np.ones(1)}
    applied = masks.apply(weights, HALF)
    assert applied["a"][:, 1].tolist() == [0, 0]
    assert applied["b"].tolist() == [1, 0]
    assert applied["bias"] is not weights["bias"]


def test_collapsed_layers_keep_nothing_while_others_keep_something():
    collapsed = Masks({"a": np.array([True]), "b": np.array([False, False])})
    assert masks.collapsed_layers(collapsed) == ["b"]
    assert masks.collapsed_layers(Masks({"b": np.array([False])})) == []


def test_the_table_has_one_row_per_path():
    assert masks.table(HALF)[1] == {
        "path": "b",
        "shape": [2],
        "num_weights": 2,
        "num_kept": 1,
        "sparsity": 0.5,
    }


def test_masks_are_boolean_and_never_inferred_from_zeros():
    with pytest.raises(TypeError, match="must be boolean"):
        Masks({"a": np.array([0.0, 1.0])})
    with pytest.raises(ValueError, match="at least one weight"):
        Masks({})


def test_masks_over_other_paths_or_shapes_are_refused():
    with pytest.raises(MismatchError, match="'b'"):
        masks.distance(HALF, Masks({"a": HALF["a"]}))
    with pytest.raises(MismatchError, match="'a'"):
        masks.distance(HALF, Masks({"a": HALF["b"], "b": HALF["b"]}))
    with pytest.raises(MismatchError, match="'b'"):
        masks.apply({"a": HALF["a"]}, HALF)
    with pytest.raises(MismatchError, match="does not fit"):
        masks.unpack({"a": np.zeros(1, np.uint8)}, {"a": (9,)})


def test_masks_that_keep_everything_take_no_memory_and_are_as_good_as_others():
    shape = (3, 1_000, 1_000)
    kept = masks.ones_like({"kernel": np.zeros(shape, np.float32)})
    assert kept["kernel"].shape == shape
    assert kept["kernel"].strides == (0, 0, 0)
    assert kept == Masks({"kernel": np.ones(shape, np.bool_)})
    assert kept.num_kept == 3_000_000
    with pytest.raises(ValueError, match="read-only"):
        kept["kernel"][0, 0, 0] = False
    assert masks.unpack(masks.pack(kept), {"kernel": shape}) == kept


def test_masked_weights_are_zero_and_the_others_are_not_copied():
    unmasked = {"a": np.array([[-1.0, 2.0]], np.float32), "b": np.ones(2)}
    kept = {"a": np.array([[False, True]]), "b": np.array([True, True])}
    masked = masks.MaskedWeights(unmasked, kept)
    assert masked["a"].tolist() == [[0.0, 2.0]] and not np.signbit(masked["a"]).any()
    assert masked["b"] is unmasked["b"]
    assert masked["a"].dtype == np.float32 and list(masked) == ["a", "b"] and len(masked) == 2


@pytest.mark.parametrize("value", [0.5, np.nan, -1, 1, "x", None])
def test_every_door_refuses_masks_that_are_not_boolean(keras, value):
    """A number is neither kept nor masked out, whatever it would count as."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name="dense")])
    wrong = {"dense/kernel": np.full((2, 2), value)}
    good = Masks({"dense/kernel": np.eye(2, dtype=bool)})
    held = weights.read_all(model)
    enforced = enforcement.enforce(model, good)
    doors = [
        lambda: Masks(wrong),
        lambda: masks.apply(held, wrong),
        lambda: masks.distance(good, wrong),
        lambda: callbacks.EnforceMasks(wrong),
        lambda: callbacks.EnforceMasks(good).update(wrong),
        lambda: callbacks.PruneOnSchedule(schedules.Exponential(0.9), masks=wrong),
        lambda: enforcement.enforce(model, wrong),
        lambda: enforced.update(wrong),
        lambda: Ticket(wrong, held),
        lambda: graph.flops(model, wrong),
        lambda: slimming.shrink(model, wrong),
        lambda: profile_model(model, wrong),
        lambda: selection.select({"dense/kernel": np.eye(2)}, wrong, 0.5),
        lambda: threshold_masks({"dense/kernel": np.eye(2)}, 1.0, wrong),
    ]
    for number, door in enumerate(doors):
        with pytest.raises(TypeError, match=r"masks must be boolean.*dense/kernel"):
            door()
            raise AssertionError(number)


def test_doors_take_a_mapping_of_boolean_arrays(keras):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name="dense")])
    plain = {"dense/kernel": np.eye(2, dtype=bool)}
    assert Ticket(plain, weights.read_all(model)).sparsity == 0.5
    assert callbacks.EnforceMasks(plain).masks == Masks(plain)
    with pytest.raises(TypeError, match="masks must be a mapping"):
        callbacks.EnforceMasks(np.eye(2, dtype=bool))
