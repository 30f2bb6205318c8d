import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfticket.graph import ChannelGroup, Graph, Member, channel_graph
from tfticket.slimming import ChannelLimits, channel_masks, select_channels, shrink


def graph_of(**sizes):
    groups = {
        n: ChannelGroup(n, s, (Member(f"{n}/kernel", -1, "out", np.arange(s)),))
        for n, s in sizes.items()
    }
    return Graph(groups, {}, {}, frozenset(), {})


def counts(kept):
    return {n: int(k.sum()) for n, k in kept.items()}


SCORES = {"a": np.array([1.0, 2, 3, 4]), "b": np.array([5.0, 6, 7, 8, 9, 10])}
GRAPH = graph_of(a=4, b=6)


def test_all_channels_are_ranked_together_and_every_group_keeps_its_best():
    kept = select_channels(GRAPH, SCORES, 0.5)
    assert kept["a"].tolist() == [False, False, False, True]
    assert kept["b"].tolist() == [False, False, True, True, True, True]


def test_every_group_is_ranked_by_itself():
    kept = select_channels(GRAPH, SCORES, 0.5, scope="layer")
    assert kept["a"].tolist() == [False, False, True, True]
    assert counts(kept) == {"a": 2, "b": 3}


def test_a_sparsity_may_be_given_by_group():
    assert counts(select_channels(GRAPH, SCORES, {"a": 0.25, "b": 0.5})) == {"a": 3, "b": 3}


def test_no_group_loses_more_than_its_limit():
    limits = ChannelLimits(max_channel_sparsity=0.5)
    assert counts(select_channels(GRAPH, SCORES, 0.5, limits=limits)) == {"a": 2, "b": 3}


def test_counts_are_rounded_up_to_a_multiple():
    limits = ChannelLimits(round_to=4)
    kept = select_channels(GRAPH, SCORES, 0.5, scope="layer", limits=limits)
    assert counts(kept) == {"a": 4, "b": 4}
    assert kept["b"].tolist() == [False, False, True, True, True, True]


def test_rounding_counts_the_outputs_of_a_layer_not_the_channels():
    member = Member("a/kernel", -1, "out", np.tile(np.arange(6), 2))  # two groups of six
    graph = Graph({"a": ChannelGroup("a", 6, (member,))}, {}, {}, frozenset(), {})
    kept = select_channels(graph, {"a": np.arange(6.0)}, 0.5, limits=ChannelLimits(round_to=8))
    assert counts(kept) == {"a": 4}  # that is eight outputs


def test_channels_that_are_gone_do_not_come_back():
    first = select_channels(GRAPH, SCORES, 0.3)
    flipped = {n: -s for n, s in SCORES.items()}
    then = select_channels(GRAPH, flipped, 0.6, kept=first)
    assert all((first[n] | ~then[n]).all() for n in first)
    assert sum(counts(then).values()) == 4


def test_equal_scores_are_kept_by_position():
    kept = select_channels(GRAPH, {n: np.zeros(len(s)) for n, s in SCORES.items()}, 0.5)
    assert kept["a"].all()
    assert kept["b"].tolist() == [True, False, False, False, False, False]


@settings(max_examples=50, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    sparsity=st.floats(0, 0.99),
    limit=st.sampled_from([0.5, 0.9, 1.0]),
    seed=st.integers(0, 99),
)
def test_limits_hold_for_any_scores(sizes, sparsity, limit, seed):
    rng = np.random.default_rng(seed)
    graph = graph_of(**{f"g{i}": n for i, n in enumerate(sizes)})
    scores = {n: rng.random(g.num_channels) for n, g in graph.groups.items()}
    limits = ChannelLimits(max_channel_sparsity=limit)
    found = counts(select_channels(graph, scores, sparsity, limits=limits))
    least = {n: limits.least(g.num_channels) for n, g in graph.groups.items()}
    assert all(found[n] >= max(1, least[n]) for n in found)
    total = round((1 - sparsity) * graph.num_channels)
    assert sum(found.values()) == max(total, sum(least.values()), len(sizes))


@pytest.mark.parametrize(
    ("scores", "message"),
    [({"c": np.zeros(3)}, "'c'"), ({"a": np.zeros(3)}, "'a'"), ({"a": np.full(4, np.nan)}, "NaN")],
)
def test_scores_that_do_not_fit_are_refused(scores, message):
    with pytest.raises(ValueError, match=message):
        select_channels(GRAPH, scores, 0.5)


@pytest.mark.parametrize("setting", [{"round_to": 0}, {"max_channel_sparsity": 50}])
def test_limits_out_of_range_are_refused(setting):
    with pytest.raises(ValueError, match=next(iter(setting))):
        ChannelLimits(**setting)


def test_masks_cover_every_weight_of_a_channel_and_shrinking_removes_it(build):
    model = build("vgg_like")
    masks = channel_masks(model, 0.5, scope="layer", limits=ChannelLimits(round_to=2))
    kept = masks["conv_1/kernel"].any((0, 1, 2))
    assert kept.sum() == 4  # three of six, rounded up
    for path in ("conv_1_bn/gamma", "conv_1_bn/beta"):
        assert np.array_equal(masks[path], kept)
    assert np.array_equal(masks["conv_2/kernel"].any((0, 1, 3)), kept)
    assert not any("moving" in p for p in masks)
    widths = {g.name: g.after for g in shrink(model, masks).report.groups}
    assert widths == {"conv_1": 4, "conv_2": 4, "dense": 2}


def test_a_model_without_anything_to_score_is_refused(build):
    with pytest.raises(ValueError, match="score='scale'"):
        channel_masks(build("mlp"), 0.5, score="scale")
    with pytest.raises(ValueError, match="may be removed"):
        only = build(lambda k: k.Sequential([k.layers.Input((3,)), k.layers.Dense(2)]))
        channel_graph(only).masks({})
