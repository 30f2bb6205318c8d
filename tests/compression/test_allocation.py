"""Channels go in the order that what is saved and what is lost asks for."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket.compression.allocation import allocate, marks, usual_step
from tfticket.compression.costs import Prices, in_milliseconds
from tfticket.graph import channel_graph, flops
from tfticket.slimming import channel_scores, shrink
from tfticket.slimming.channel_selection import ChannelLimits


@pytest.fixture
def network(keras):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(8, 3, activation="relu", name="first"),
            layers.Conv2D(16, 3, activation="relu", name="second"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, name="output"),
        ]
    )


def parts(network, cost="bytes"):
    graph = channel_graph(network)
    return graph, channel_scores(network, graph, "l1"), Prices.of(network, graph, cost)


def test_prices_are_what_a_smaller_network_costs(network):
    graph, scores, prices = parts(network)
    masks = graph.masks(marks(scores, {"first": 6, "second": 10}))
    smaller = shrink(network, masks).model
    assert prices.total({}) == network.count_params()
    assert prices.total(masks) == smaller.count_params()
    _, _, in_flops = parts(network, "latency")
    assert in_flops.total({}) == pytest.approx(flops(network).total)
    assert in_flops.total(masks) == pytest.approx(flops(smaller).total)


@pytest.mark.parametrize("allocator", ["uniform", "global", "greedy"])
def test_stages_get_cheaper_and_reach_what_is_asked(network, allocator):
    graph, scores, prices = parts(network)
    found = allocate(graph, scores, prices, allocator, damage=lambda masks: 0.0)
    removed = [stage.removed for stage in found.stages]
    assert removed == sorted(set(removed))
    assert found.most > 0.8
    stage = found.at(0.5)
    assert stage.removed >= 0.5
    assert all(1 <= n <= len(scores[name]) for name, n in stage.kept.items())
    masks = graph.masks(marks(scores, stage.kept))
    assert stage.removed == pytest.approx(1 - prices.total(masks) / prices.total({}))
    with pytest.raises(ValueError, match="`channels` must be at most"):
        found.at(0.9999)


def test_greedy_spares_the_group_whose_loss_does_harm(network):
    graph, scores, prices = parts(network)

    def harm_of(layer):
        return lambda masks: float(np.count_nonzero(~masks[f"{layer}/kernel"][0, 0, 0]))

    for spared, taken in (("first", "second"), ("second", "first")):
        found = allocate(graph, scores, prices, "greedy", damage=harm_of(spared))
        kept = found.at(0.3).kept
        assert kept[spared] == len(scores[spared])
        assert kept[taken] < len(scores[taken])


def test_within_a_group_the_weakest_go_first(network):
    graph, scores, prices = parts(network)
    stage = allocate(graph, scores, prices, "greedy", damage=lambda masks: 0.0).at(0.4)
    for name, kept in marks(scores, stage.kept).items():
        if not kept.all():
            assert scores[name][kept].min() >= scores[name][~kept].max()


def test_numbers_of_channels_are_rounded_and_the_steps_go_on_to_the_least(network):
    """A step of the greedy search that is smaller than the rounding takes as many as that."""
    graph, scores, prices = parts(network)
    limits = ChannelLimits(round_to=4)
    for allocator in ("uniform", "greedy"):
        found = allocate(graph, scores, prices, allocator, damage=lambda masks: 0.0, limits=limits)
        assert all(n % 4 == 0 for stage in found.stages for n in stage.kept.values())
        assert found.stages[-1].kept == {"first": 4, "second": 4}


@pytest.mark.parametrize(
    ("widths", "cost", "expected"),
    [((3, 64), "latency", 8), ((8, 15), "latency", 4), ((1,), "latency", 1), ((64,), "bytes", 1)],
)
def test_where_time_is_to_be_saved_channels_go_by_what_kernels_compute_at_once(
    widths, cost, expected
):
    scores = {str(number): np.ones(width) for number, width in enumerate(widths)}
    assert usual_step(cost, scores) == expected


def test_rounding_down_leaves_what_must_stay():
    limits = ChannelLimits(round_to=8, max_channel_sparsity=0.5)
    assert [limits.rounded_down(n, 20, width=1) for n in (17, 16, 15)] == [16, 16, None]
    assert limits.rounded_down(15, 20, width=4) == 14  # two channels are eight outputs
    assert ChannelLimits(round_to=8).rounded_down(7, 20, width=1) is None


def test_a_flop_costs_the_time_that_was_measured_to_be_saved(network):
    graph, scores, prices = parts(network, "latency")
    probes = {
        name: graph.masks(marks(scores, {**{n: len(s) for n, s in scores.items()}, name: half}))
        for name, half in (("first", 4), ("second", 8))
    }
    timed = in_milliseconds(prices, {"first": 3.0, "second": 0.0}, probes)
    ratios = {p: timed.units[p] / prices.units[p] for p in ("first/kernel", "second/kernel")}
    saved = prices.total({}) - prices.total(probes["first"])
    assert ratios["first/kernel"] == pytest.approx(3.0 / saved)
    assert 0 < ratios["second/kernel"] < 0.1 * ratios["first/kernel"]


def test_an_unknown_allocator_is_told(network):
    with pytest.raises(ValueError, match="`allocation` must be one of"):
        allocate(*parts(network), "best", damage=lambda masks: 0.0)
