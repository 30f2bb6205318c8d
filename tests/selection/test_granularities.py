import numpy as np
import pytest

from tfticket.layouts import Layout
from tfticket.masks import Masks, ones_like
from tfticket.selection import Block, Channel, NByM, get_granularity, select

RNG = np.random.default_rng(0)
DENSE = {"dense": RNG.random((16, 6), np.float32)}
CONV = {"conv": RNG.random((3, 3, 8, 6), np.float32)}
TRANSPOSED = {"transposed": Layout(inputs=(-1,), outputs=(-2,))}


def pruned(scores, sparsity, granularity, **options):
    return select(scores, ones_like(scores), sparsity, granularity=granularity, **options)


@pytest.mark.parametrize("length", [4, 16])
def test_blocks_run_along_the_inputs_which_tflite_keeps_last(length):
    mask = pruned(DENSE, 0.5, Block((length, 1)))["dense"]
    tflite = mask.T.reshape(6, 16 // length, length)  # [out, in] in blocks of 1 x length
    assert (tflite.all(-1) | ~tflite.any(-1)).all()
    assert mask.sum() == 48


def test_blocks_of_a_convolution_lie_along_the_last_axis_of_tflites_kernel():
    mask = pruned(CONV, 0.75, Block((4, 1)))["conv"]
    tflite = np.moveaxis(mask, -1, 0).reshape(6, 3, 3, 2, 4)  # [out, h, w, in]
    assert (tflite.all(-1) | ~tflite.any(-1)).all()
    assert mask.sum() == mask.size // 4


def test_blocks_of_a_transposed_kernel_follow_its_layout():
    scores = {"transposed": RNG.random((2, 2, 6, 8), np.float32)}  # [h, w, out, in]
    mask = pruned(scores, 0.5, Block((4, 1)), layouts=TRANSPOSED)["transposed"]
    blocks = mask.reshape(2, 2, 6, 2, 4)
    assert (blocks.all(-1) | ~blocks.any(-1)).all()


def test_the_block_with_the_best_mean_or_maximum_stays():
    scores = {"w": np.array([[3.0, 9.0], [3.0, 0.0]])}
    assert pruned(scores, 0.5, Block((2, 1)))["w"].tolist() == [[False, True], [False, True]]
    tied = {"w": np.array([[3.0, 6.0], [3.0, 0.0]])}
    assert pruned(tied, 0.5, Block((2, 1)))["w"][:, 0].all()  # equal means: the first
    assert pruned(tied, 0.5, Block((2, 1), "max"))["w"][:, 1].all()


def test_two_of_four_along_the_inputs_are_kept():
    for scores, axis in ((DENSE, 0), (CONV, 2)):
        ((path, mask),) = pruned(scores, 0.5, NByM(2, 4)).items()
        groups = np.moveaxis(mask, axis, -1).reshape(-1, 4)
        assert (groups.sum(-1) == 2).all()
        best = np.moveaxis(scores[path], axis, -1).reshape(-1, 4)
        assert (np.sort(np.where(groups, best, 0), -1)[:, 2:] == np.sort(best, -1)[:, 2:]).all()


def test_ties_within_n_by_m_are_kept_by_position():
    mask = pruned({"w": np.ones((8, 1))}, 0.5, NByM(2, 4))["w"]
    assert mask.ravel().tolist() == [True, True, False, False] * 2


def test_n_by_m_is_reached_over_several_rounds_and_never_passed():
    masks = ones_like(DENSE)
    for sparsity in (0.2, 0.36, 0.5):
        scores = {"dense": RNG.random((16, 6))}
        masks = select(scores, masks, sparsity, granularity=NByM(2, 4))
        assert masks.num_kept == round((1 - sparsity) * 96)
        assert (masks["dense"].reshape(4, 4, 6).sum(1) >= 2).all()
    assert (masks["dense"].reshape(4, 4, 6).sum(1) == 2).all()
    with pytest.raises(ValueError, match="at least the 48 weights"):
        select(DENSE, masks, 0.6, granularity=NByM(2, 4))


def test_channels_are_the_outputs_of_each_kind_of_kernel():
    conv = pruned(CONV, 0.5, "channel")["conv"]
    assert (conv.all((0, 1, 2)) | ~conv.any((0, 1, 2))).all() and conv.any((0, 1, 2)).sum() == 3
    scores = {"transposed": RNG.random((2, 2, 6, 8), np.float32)}
    mask = pruned(scores, 0.5, "channel", layouts=TRANSPOSED)["transposed"]
    assert (mask.all((0, 1, 3)) | ~mask.any((0, 1, 3))).all() and mask.any((0, 1, 3)).sum() == 3
    depthwise = {"depthwise": Layout(inputs=(), outputs=(-2, -1))}
    scores = {"depthwise": RNG.random((3, 3, 4, 2), np.float32)}
    mask = pruned(scores, 0.5, "channel", layouts=depthwise)["depthwise"]
    assert (mask.all((0, 1)) | ~mask.any((0, 1))).all() and mask.any((0, 1)).sum() == 4


def test_channels_of_different_sizes_compete_by_their_mean_for_the_nearest_number():
    scores = {"a": np.array([[5.0, 1.0]] * 3), "b": np.array([[4.0, 2.0]] * 10)}
    for sparsity, columns in ((0.5, ("a0", "b0")), (0.45, ("a0", "b0")), (0.1, ("a0", "b0", "b1"))):
        masks = pruned(scores, sparsity, "channel")
        kept = tuple(f"{p}{c}" for p, m in masks.items() for c in (0, 1) if m[:, c].all())
        assert kept == columns


def test_channels_by_sum_favour_many_inputs():
    scores = {"a": np.array([[5.0, 1.0]] * 3), "b": np.array([[4.0, 2.0]] * 10)}
    masks = pruned(scores, 0.2, Channel("sum"), on_collapse="ignore")
    assert masks["b"].all() and not masks["a"].any()


def test_only_survivors_count_in_units_that_are_masked_in_part():
    before = Masks({"w": np.array([[True, True], [False, True]])})
    scores = {"w": np.array([[3.0, 2.0], [-9.0, 2.0]])}
    masks = select(scores, before, 0.75, granularity=Channel())
    assert masks["w"].tolist() == [[True, False], [False, False]]


def test_what_does_not_fit_is_an_error_or_stays_unstructured_and_is_named():
    scores = {"fits": RNG.random((8, 2)), "odd": RNG.random((3, 2))}
    for granularity in (Block((4, 1)), NByM(1, 4)):
        with pytest.raises(ValueError, match="'odd': '3 inputs"):
            pruned(scores, 0.5, granularity)
    with pytest.warns(UserWarning, match="stay unstructured: {'odd'"):
        masks = pruned(scores, 0.5, Block((4, 1), on_misfit="unstructured"))
    assert masks.num_kept in (10, 11, 12)
    blocks = masks["fits"].reshape(2, 4, 2)
    assert (blocks.all(1) | ~blocks.any(1)).all()


@pytest.mark.parametrize(
    "granularity", ["weight", "channel", Block((4, 1)), Block((1, 8), "max"), NByM(1, 4)]
)
def test_granularities_reload_from_their_configuration(granularity):
    made = get_granularity(granularity)
    assert get_granularity(made.config()) == made


@pytest.mark.parametrize(
    ("granularity", "message"),
    [
        ("atom", "`granularity` must be one of"),
        ("block", "must have the settings of Block"),
        ({"name": "block", "shape": [4]}, "`shape` must be two integers"),
        ({"name": "block", "shape": [0, 1]}, "`shape` must be two integers"),
        ({"name": "block", "shape": [4, 1], "pooling": "min"}, "`pooling` must be one of"),
        ({"name": "block", "shape": [4, 1], "on_misfit": "x"}, "`on_misfit` must be"),
        ({"name": "n_by_m", "n": 4, "m": 4}, "0 < n < m"),
    ],
)
def test_bad_granularities_say_what_to_do(granularity, message):
    with pytest.raises(ValueError, match=message):
        get_granularity(granularity)
