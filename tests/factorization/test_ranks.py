from __future__ import annotations

import numpy as np
import pytest

from tfticket.factorization.ranks import REASON_NO_RANK, Kernel, Size, ranks

#: Sides 4 x 4 and 8 x 3; the first has rank 2 really.
KERNELS = {
    "a": Kernel(np.array([4.0, 3.0, 0.0, 0.0]), dense=16, per_rank=8),
    "b": Kernel(np.array([2.0, 2.0, 1.0]), dense=24, per_rank=11),
}
TOTAL = 50


def test_a_rank_holds_for_all_and_too_large_ones_are_refused_with_their_reason():
    assert ranks(Size(rank=1), KERNELS, TOTAL) == ({"a": 1, "b": 1}, {})
    found, left = ranks(Size(rank=2), KERNELS, TOTAL)
    assert found == {"b": 2}
    assert left["a"] == "its factors of rank 2 would have 16 parameters, not fewer than its 16"
    assert ranks(Size(rank={"b": 2}), KERNELS, TOTAL) == ({"b": 2}, {"a": REASON_NO_RANK})
    with pytest.raises(ValueError, match="must name layers that can be factorised"):
        ranks(Size(rank={"c": 2}), KERNELS, TOTAL)


def test_a_scale_is_of_the_smaller_side():
    assert ranks(Size(rank_scale=0.25), KERNELS, TOTAL)[0] == {"a": 1, "b": 1}
    assert ranks(Size(rank_scale=2 / 3), KERNELS, TOTAL)[0] == {"b": 2}


def test_an_energy_is_the_least_that_is_held():
    assert ranks(Size(energy=0.64), KERNELS, TOTAL)[0] == {"a": 1, "b": 2}
    found, left = ranks(Size(energy=0.65), KERNELS, TOTAL)
    assert (found, list(left)) == ({"b": 2}, ["a"])
    exact = {"c": Kernel(np.array([3.0, 2.0, 0.0, 0.0]), dense=100, per_rank=20)}
    assert ranks(Size(energy=1.0), exact, 100)[0] == {"c": 2}


def wide(seed):
    generator = np.random.default_rng(seed)
    kernels = {}
    for number in range(3):
        sides = generator.integers(6, 12, 2)
        values = np.sort(generator.random(min(sides)))[::-1]
        kernels[f"k{number}"] = Kernel(values, int(np.prod(sides)), int(sum(sides)))
    return kernels


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_a_budget_is_kept_and_leaves_no_room_for_one_more(seed, share):
    kernels = wide(seed)
    total = 20 + sum(k.dense for k in kernels.values())
    found, _ = ranks(Size(parameters=share), kernels, total)
    spent = 20 + sum(kernels[p].per_rank * r for p, r in found.items())
    assert spent <= share * total
    room = share * total - spent
    grown = [k for p, k in kernels.items() if found[p] < k.max_rank]
    assert all(k.per_rank > room for k in grown)


def test_a_budget_takes_what_one_energy_for_all_takes():
    """Where the steps are of one size, these are the ranks of some threshold."""
    values = -np.sort(-np.random.default_rng(1).random((3, 3)))
    kernels = {n: Kernel(v, dense=64, per_rank=16) for n, v in zip("xyz", values, strict=True)}
    for budget in (80, 96, 112):
        found, _ = ranks(Size(parameters=budget), kernels, 192)
        assert sum(found.values()) == budget // 16
        held = {n: k.energy[found[n] - 1] for n, k in kernels.items()}
        before = {n: k.energy[found[n] - 2] for n, k in kernels.items() if found[n] > 1}
        assert max(before.values(), default=0) <= min(held.values())


def test_a_budget_out_of_reach_says_what_is_least():
    with pytest.raises(ValueError, match="must be at least 29, which are left at rank 1"):
        ranks(Size(parameters=28), KERNELS, TOTAL)
    with pytest.raises(ValueError, match="`flops` must be less than the model has, 50"):
        ranks(Size(flops=50), KERNELS, TOTAL)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "exactly one of"),
        ({"rank": 2, "energy": 0.5}, "exactly one of"),
        ({"rank": 0}, "`rank` must be a whole number"),
        ({"rank": {"a": 0}}, "`rank` must be"),
        ({"rank": {}}, "`rank` must be"),
        ({"rank": True}, "`rank` must be"),
        ({"rank_scale": 1.5}, r"`rank_scale` must be in \(0, 1\]"),
        ({"energy": float("nan")}, "`energy` must be"),
        ({"parameters": 1.0}, "`parameters` must be a share"),
        ({"flops": -3}, "`flops` must be a share"),
        ({"flops": "half"}, "`flops` must be a share"),
    ],
)
def test_a_wrong_size_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        Size(**given)


def test_a_kernel_of_zeros_has_rank_1():
    kernels = {"zero": Kernel(np.zeros(4), dense=16, per_rank=7)}
    assert ranks(Size(energy=0.9), kernels, 16)[0] == {"zero": 1}


def test_numbers_of_numpy_are_numbers():
    found, _ = ranks(Size(rank=np.int64(1)), KERNELS, TOTAL)
    assert {type(rank) for rank in found.values()} == {int}
    assert type(ranks(Size(rank={"b": np.int32(2)}), KERNELS, TOTAL)[0]["b"]) is int
    kernels = wide(0)
    total = sum(k.dense for k in kernels.values())
    share = Size(parameters=np.float32(0.5))
    assert ranks(share, kernels, total) == ranks(Size(parameters=0.5), kernels, total)


def test_a_budget_out_of_reach_is_told_as_a_count_and_as_a_share():
    with pytest.raises(ValueError, match=r"at least 29, .* out of 50: a share of 0.58. Received"):
        ranks(Size(parameters=0.1), KERNELS, TOTAL)
