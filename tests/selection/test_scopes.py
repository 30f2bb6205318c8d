import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from tfticket import selection
from tfticket.selection import ERK, SmartRatio, Uniform, apportion, budget, get_scope

LENET = {"fc_1": (784, 300), "fc_2": (300, 100), "output": (100, 10)}
CONVS = {
    "conv_1": (3, 3, 3, 64),
    "conv_2": (3, 3, 64, 128),
    "conv_3": (3, 3, 128, 256),
    "dense": (256, 10),
}
EXACT = ["global", "uniform", "erk", ERK(0.5), "smart_ratio", SmartRatio(0.5, steeper=True)]

shapes = st.lists(
    st.lists(st.integers(1, 12), min_size=2, max_size=4).map(tuple), min_size=1, max_size=6
).map(lambda found: {f"layer_{i}": s for i, s in enumerate(found)})


def kept(groups):
    return {p: g.num_kept for g in groups for p in g.paths}


def total(of):
    return sum(int(np.prod(s)) for s in of.values())


@settings(deadline=None, max_examples=100)
@given(shapes, st.floats(0, 0.7), st.sampled_from(["global", "uniform", "erk", ERK(0.5)]))
def test_the_number_of_survivors_is_exact_and_no_layer_exceeds_its_size(of, sparsity, scope):
    groups = budget(of, sparsity, scope)
    assert sum(g.num_kept for g in groups) == round((1 - sparsity) * total(of))
    for group in groups:
        assert 0 <= group.num_kept <= total({p: of[p] for p in group.paths})
    assert [p for g in groups for p in g.paths] == list(of)


@pytest.mark.parametrize("scope", EXACT)
@pytest.mark.parametrize("of", [LENET, CONVS])
def test_layers_only_get_sparser_as_the_total_does(scope, of):
    counts = [kept(budget(of, s, scope)) for s in np.linspace(0, 0.99, 400)]
    for s, found in zip(np.linspace(0, 0.99, 400), counts, strict=True):
        if scope != "global":
            assert sum(found.values()) == round((1 - s) * total(of))
    for before, after in itertools.pairwise(counts):
        assert all(after[p] <= before[p] for p in of)


def test_layer_rounds_each_weight_by_itself_and_uniform_all_of_them_together():
    of = dict.fromkeys("abc", (5,))
    assert kept(budget(of, 0.5, "layer")) == {"a": 2, "b": 2, "c": 2}
    assert kept(budget(of, 0.5, "uniform")) == {"a": 3, "b": 3, "c": 2}


def test_uniform_can_leave_named_weights_dense_at_the_same_total():
    found = kept(budget(CONVS, 0.9, Uniform(dense="conv_1")))
    assert found["conv_1"] == 3 * 3 * 3 * 64
    assert sum(found.values()) == round(0.1 * total(CONVS))
    others = {p: found[p] / np.prod(CONVS[p]) for p in ("conv_2", "conv_3", "dense")}
    assert np.ptp(list(others.values())) < 1e-3
    with pytest.raises(ValueError, match="`dense` must leave something"):
        budget(LENET, 0.9, Uniform(dense="fc_1"))


def test_erk_makes_the_small_layer_dense_and_solves_for_the_rest_again():
    # 26 620 of 266 200; the output layer's share would be 1 837 of 1 000: eps = 25 620 / 1 484.
    assert kept(budget(LENET, 0.9, "erk")) == {"fc_1": 18714, "fc_2": 6906, "output": 1000}


def test_erk_is_the_authors_iteration():
    def authors(of, sparsity):
        dense = set()
        while True:
            raw = {p: sum(s) / np.prod(s) for p, s in of.items() if p not in dense}
            spare = (1 - sparsity) * total(of) - total({p: of[p] for p in dense})
            eps = spare / sum(raw[p] * np.prod(of[p]) for p in raw)
            if max(raw.values()) * eps <= 1:
                return {p: eps * raw[p] if p in raw else 1.0 for p in of}
            dense |= {p for p in raw if raw[p] == max(raw.values())}

    for sparsity in (0.3, 0.5, 0.8, 0.9, 0.98):
        found, expected = kept(budget(CONVS, sparsity, "erk")), authors(CONVS, sparsity)
        for path, shape in CONVS.items():
            assert found[path] == pytest.approx(expected[path] * np.prod(shape), abs=1.5)


def test_smart_ratio_falls_from_layer_to_layer_and_fixes_the_last():
    found = kept(budget(CONVS, 0.9, "smart_ratio"))
    density = {p: found[p] / np.prod(CONVS[p]) for p in CONVS}
    assert found["dense"] == round(0.3 * 2560)
    assert density["conv_2"] / density["conv_3"] == pytest.approx((3**2 + 3) / (2**2 + 2), rel=1e-3)
    steep = kept(budget(CONVS, 0.9, SmartRatio(steeper=True)))
    ratio = steep["conv_2"] / steep["conv_3"] * np.prod(CONVS["conv_3"]) / np.prod(CONVS["conv_2"])
    assert ratio == pytest.approx(2 * (3 / 2) ** 2, rel=1e-3)


def test_smart_ratio_gives_the_last_layer_what_the_others_cannot_take():
    assert sum(kept(budget(CONVS, 0.001, "smart_ratio")).values()) == round(0.999 * total(CONVS))
    with pytest.raises(ValueError, match="the last one keeps 300 of 266"):
        budget(LENET, 0.999, "smart_ratio")


def test_tuples_are_ranked_together_in_a_scope_and_in_a_mapping_of_sparsities():
    groups = budget(CONVS, 0.5, [("conv_1", "conv_2"), ".*"])
    assert [g.paths for g in groups] == [("conv_1", "conv_2"), ("conv_3",), ("dense",)]
    groups = budget(CONVS, {("conv_1", "conv_2"): 0.9, ".*": 0.5})
    assert [g.paths for g in groups] == [("conv_1", "conv_2"), ("conv_3",), ("dense",)]
    assert groups[0].num_kept == round(0.1 * (1728 + 73728))


def test_a_minimum_reaches_every_layer_within_the_same_total():
    for scope in EXACT[:4]:
        groups = budget(CONVS, 0.9995, scope, minimum=40)
        assert sum(g.num_kept for g in groups) == round(0.0005 * total(CONVS))
        assert all(g.num_kept >= 40 for g in groups)
    assert kept(budget(CONVS, 0.9999, "layer", minimum=1))["conv_1"] == 1
    assert sum(kept(budget(CONVS, 0.99999, "erk", minimum=1)).values()) == 4  # rounds to 4 anyway
    assert apportion(2, [1, 1, 1], [9, 9, 9], minimum=1) == [1, 1, 1]


@pytest.mark.parametrize("scope", [*EXACT, Uniform("conv"), [("a", "b"), ".*"], "layer"])
def test_scopes_reload_from_their_configuration(scope):
    made = get_scope(scope)
    assert get_scope(made.config()) == made
    assert made.name in selection.SCOPES


@pytest.mark.parametrize(
    ("scope", "sparsity", "message"),
    [
        ("galaxy", 0.5, "`scope` must be one of"),
        ({"name": "erk", "colour": 1}, 0.5, "must have the settings of ERK"),
        ("erk", 1.0, r"must be a fraction in \[0, 1\)"),
        ("erk", {".*": 0.5}, "`scope` must be 'global' or 'layer'"),
        ([("conv_1", "conv_2")], 0.5, r"no pattern matches \['conv_3', 'dense'\]"),
        ([("attention",), ".*"], 0.5, "'attention' matches none"),
        ({"name": "erk", "power": 0}, 0.5, "`power` must be positive"),
        ({"name": "smart_ratio", "last_density": 30}, 0.5, "`last_density` must be in"),
    ],
)
def test_bad_scopes_say_what_to_do(scope, sparsity, message):
    with pytest.raises(ValueError, match=message):
        budget(CONVS, sparsity, scope)
