import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from tfticket.errors import MismatchError
from tfticket.masks import Masks, ones_like
from tfticket.selection import budget, select

SCORES = {
    "a": np.array([[5.0, 4.0], [3.0, 2.0]], np.float32),
    "b": np.array([9.0, 8.0, 7.0, 6.0, 1.0, 0.0], np.float32),
}


def test_global_ranks_all_weights_together():
    masks = select(SCORES, ones_like(SCORES), 0.5)
    assert masks["a"].tolist() == [[True, False], [False, False]]
    assert masks["b"].tolist() == [True, True, True, True, False, False]


def test_layer_keeps_the_same_fraction_of_each_weight():
    masks = select(SCORES, ones_like(SCORES), 0.5, scope="layer")
    assert masks["a"].tolist() == [[True, True], [False, False]]
    assert masks["b"].tolist() == [True, True, True, False, False, False]


def test_a_sparsity_per_pattern_ranks_each_path_by_itself_and_the_first_match_wins():
    masks = select(SCORES, ones_like(SCORES), {"a": 0.75, ".*": 0.0})
    assert masks.kept_per_path() == {"a": 1, "b": 6}


def test_only_survivors_compete_however_large_a_masked_score_is():
    masks = Masks({"a": SCORES["a"] < 5, "b": SCORES["b"] < 9})
    assert select(SCORES, masks, 0.7)["b"].tolist() == [False, True, True, True, False, False]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.lists(st.floats(0, 0.999), min_size=1, max_size=5))
def test_masks_never_grow_and_the_count_is_exact_at_every_round(seed, sparsities):
    rng = np.random.default_rng(seed)
    masks = ones_like({"a": np.zeros((7, 3)), "b": np.zeros(11)})
    reached = 0.0
    for sparsity in sparsities:
        scores = {p: rng.standard_normal(m.shape) for p, m in masks.items()}
        pruned = select(scores, masks, sparsity)
        assert all(not (pruned[p] & ~masks[p]).any() for p in masks)
        reached = max(reached, sparsity)
        assert pruned.num_kept == round((1 - reached) * 32)
        masks = pruned


def test_four_random_rounds_to_80_percent_revive_nothing():
    rng = np.random.default_rng(0)
    masks = ones_like({"w": np.zeros(10_000)})
    for round_ in range(1, 5):
        before = masks
        masks = select({"w": rng.random(10_000)}, masks, 1 - 0.2 ** (round_ / 4))
        assert not (masks["w"] & ~before["w"]).any()
    assert masks.num_kept == 2000


def test_counts_are_exact_beyond_what_float32_can_count():
    assert budget({"w": 2**25 + 2}, 0.5)[0].num_kept == 2**24 + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sparsity": 1.0}, r"`sparsity` must be a fraction in \[0, 1\)"),
        ({"sparsity": 90}, "not a percent"),
        ({"sparsity": 0.5, "scope": "galaxy"}, "`scope` must be one of"),
        ({"sparsity": 0.5, "granularity": "atom"}, "`granularity` must be one of"),
        ({"sparsity": {"a": 0.5}}, r"no pattern matches \['b'\]"),
        ({"sparsity": {"conv": 0.5, ".*": 0}}, "'conv' matches none"),
    ],
)
def test_bad_arguments_say_what_to_do(arguments, message):
    with pytest.raises(ValueError, match=message):
        select(SCORES, ones_like(SCORES), **arguments)


def test_a_score_that_is_not_finite_is_named():
    with pytest.raises(ValueError, match="'b' with NaN"):
        select({**SCORES, "b": np.full(6, np.nan)}, ones_like(SCORES), 0.5)


def test_scores_for_other_paths_than_the_masks_are_refused():
    with pytest.raises(MismatchError, match="'b'"):
        select({"a": SCORES["a"]}, ones_like(SCORES), 0.5)
