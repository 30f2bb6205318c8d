"""Shrunk and masked networks give the same, over every kind of layer and connection."""

import numpy as np
import pytest

from tfticket import weights
from tfticket.graph import channel_graph
from tfticket.slimming import max_relative_difference, shrink

NOT_FOLLOWED = {
    "einsum": {"mixed"},
    "layer_normalized": {"norm", "mixed"},
    "transformer": {"one_norm_1", "one_norm_2", "two_norm_1", "two_norm_2"},
}
SINGLE = """attention concatenated_then_added depthwise grouped gru inception_like mlp nested
    residual separable shared shuffled squeeze_and_excite u_net""".split()  # noqa: SIM905


def outputs(model, inputs):
    found = model(inputs, training=False)
    return [np.asarray(o) for o in (found if isinstance(found, (list, tuple)) else [found])]


def differs(model, other, inputs):
    return any(
        np.abs(a - b).max() > 1e-3 * np.abs(a).max()
        for a, b in zip(outputs(model, inputs), outputs(other, inputs), strict=True)
    )


def test_half_of_the_channels_go_and_the_outputs_stay(network, build, batch, halved):
    model = build(network)
    graph, inputs = channel_graph(model), batch(model)
    kept = halved(graph)
    masks = graph.masks(kept)
    shrunk = shrink(model, masks)
    assert max_relative_difference(model, masks, shrunk.model, inputs) <= 1e-5
    assert differs(model, shrunk.model, inputs)  # or the check could not fail
    dropped = {n: int((~k).sum()) for n, k in kept.items()}
    assert {g.name: g.before - g.after for g in shrunk.report.groups} == dropped
    assert shrunk.report.after.num_flops < shrunk.report.before.num_flops
    assert [layer.name for layer in shrunk.model.layers] == [layer.name for layer in model.layers]


def test_what_is_not_followed_is_named_and_nothing_else(network, build):
    refused = channel_graph(build(network)).refused
    assert set(refused) == NOT_FOLLOWED.get(network, set())
    assert not any("failed" in reason for reason in refused.values())  # a rule with an error


@pytest.mark.parametrize("name", SINGLE)
def test_channels_that_single_weights_leave_constant_go(name, build, batch):
    model = build(name)
    rng = np.random.default_rng(3)
    prunable = weights.prunable_weights(model).variables
    masks = {p: rng.random(tuple(v.shape)) > 0.9 for p, v in prunable.items()}
    shrunk = shrink(model, masks)
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-5
    assert shrunk.report.num_removed > 0
    assert shrunk.masks.num_kept <= sum(m.sum() for m in masks.values())
