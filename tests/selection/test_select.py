import numpy as np
import pytest

from tfticket.errors import LayerCollapseError, MismatchError
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
    kept = select(SCORES, masks, 0.6)
    assert kept["a"].tolist() == [[False, True], [False, False]]
    assert kept["b"].tolist() == [False, True, True, True, False, False]


def test_four_random_rounds_to_80_percent_revive_nothing():
    rng = np.random.default_rng(0)
    masks = ones_like({"w": np.zeros(10_000)})
    for round_ in range(1, 5):
        before = masks
        masks = select({"w": rng.random(10_000)}, masks, 1 - 0.2 ** (round_ / 4))
        assert not (masks["w"] & ~before["w"]).any()
    assert masks.num_kept == 2000


def test_counts_are_exact_beyond_what_float32_can_count():
    assert budget({"w": (2**25 + 2,)}, 0.5)[0].num_kept == 2**24 + 1


def test_selection_needs_little_memory_besides_the_masks():
    import tracemalloc

    rng = np.random.default_rng(0)
    scores = {f"w{i}": rng.random((1000, 500), np.float32) for i in range(4)}
    masks = ones_like(scores)
    select(scores, masks, 0.9)
    tracemalloc.start()
    select(scores, masks, 0.9)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.75 * sum(s.nbytes for s in scores.values())


def test_an_emptied_layer_is_named_with_its_sparsity():
    with pytest.warns(UserWarning, match=r"collapse at sparsity 0.7 .*\['a'\]"):
        masks = select(SCORES, ones_like(SCORES), 0.7)
    assert masks.kept_per_path() == {"a": 0, "b": 3}
    with pytest.raises(LayerCollapseError, match=r"\['a'\]"):
        select(SCORES, ones_like(SCORES), 0.7, on_collapse="raise")
    select(SCORES, ones_like(SCORES), 0.7, on_collapse="ignore")
    select(SCORES, masks, 0.8)  # what collapsed earlier is not reported again


def test_keep_one_saves_the_best_weight_of_each_layer_within_the_same_count():
    masks = select(SCORES, ones_like(SCORES), 0.7, on_collapse="keep_one")
    assert masks["a"].tolist() == [[True, False], [False, False]]
    assert masks.kept_per_path() == {"a": 1, "b": 2}
    most = select(SCORES, ones_like(SCORES), 0.95, on_collapse="keep_one")
    assert most.kept_per_path() == {"a": 1, "b": 1}  # 0.5 weights are not to be had
    plain = select(SCORES, ones_like(SCORES), 0.5)
    assert select(SCORES, ones_like(SCORES), 0.5, on_collapse="keep_one") == plain


def test_keep_one_keeps_the_best_channel():
    scores = {"a": np.array([[1.0, 2.0], [1.0, 2.0]]), "b": np.full((2, 4), 9.0)}
    masks = select(scores, ones_like(scores), 0.5, granularity="channel", on_collapse="keep_one")
    assert masks["a"].tolist() == [[False, True], [False, True]]
    assert masks.num_kept == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sparsity": 1.0}, r"`sparsity` must be a fraction in \[0, 1\)"),
        ({"sparsity": 90}, "not a percent"),
        ({"sparsity": 0.5, "scope": "galaxy"}, "`scope` must be one of"),
        ({"sparsity": 0.5, "granularity": "atom"}, "`granularity` must be one of"),
        ({"sparsity": 0.5, "on_collapse": "pray"}, "`on_collapse` must be one of"),
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
