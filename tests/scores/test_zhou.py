"""The criteria of Zhou et al. 2019, on weights one can rank by eye."""

import numpy as np
import pytest

from tfticket import scores
from tfticket.masks import Masks
from tfticket.selection import select

INITIAL = np.array([1.0, -4.0, 2.0, -3.0])
FINAL = np.array([-4.0, 1.0, -3.0, 2.0])
EVIDENCE = scores.Evidence({"k": FINAL}, rewind_points={0: {"k": INITIAL}}, seed=0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("large_final", [4, 1, 3, 2]),
        ("small_final", [-4, -1, -3, -2]),
        ("large_init", [1, 4, 2, 3]),
        ("small_init", [-1, -4, -2, -3]),
        ("large_init_large_final", [0, 0, 0.25, 0.25]),
        ("small_init_small_final", [0, 0, 0.25, 0.25]),
        ("magnitude_increase", [3, -3, 1, -1]),
        ("displacement", [5, 5, 5, 5]),
    ],
)
def test_each_criterion_is_its_formula(name, expected):
    assert scores.get(name)(None, EVIDENCE)["k"].tolist() == expected


def test_one_sign_is_kept_and_the_other_is_worth_nothing():
    """Zhou's section 5: large final values of those that kept their sign, or of the others."""
    initial, final = np.array([1.0, -4.0, 2.0, -3.0]), np.array([4.0, 1.0, -3.0, -2.0])
    evidence = scores.Evidence({"k": final}, rewind_points={0: {"k": initial}})
    same, changed = (
        scores.get(f"large_final_{which}_sign")(None, evidence)["k"] for which in ("same", "diff")
    )
    assert same.tolist() == [4, 0, 0, 2]
    assert changed.tolist() == [0, 1, 3, 0]


def test_large_final_is_the_magnitude():
    assert isinstance(scores.get("large_final"), scores.Magnitude)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("num_kept", [1, 10, 57, 99])
def test_both_large_keeps_what_exceeds_one_quantile_at_both_times(sign, num_kept):
    """Lowering the quantile until that many weights exceed it at both times gives the same."""
    initial, final = np.random.default_rng(3).normal(size=(2, 100)) * np.array([[1.0], [5.0]])
    name = "large_init_large_final" if sign > 0 else "small_init_small_final"
    evidence = scores.Evidence({"k": final}, rewind_points={0: {"k": initial}})
    found = scores.get(name)(None, evidence)
    everything = Masks({"k": np.ones(100, bool)})
    kept = select(found, everything, 1 - num_kept / 100)["k"]
    values = sign * np.abs(np.stack([initial, final]))
    in_order = np.sort(values, axis=1)
    both = [(values >= in_order[:, j : j + 1]).all(0) for j in reversed(range(100))]
    more = next(b for b in both if b.sum() >= num_kept)
    fewer = [np.zeros(100, bool), *(b for b in both if b.sum() <= num_kept)][-1]
    assert kept.sum() == num_kept
    assert not (kept & ~more).any() and not (fewer & ~kept).any()


def test_both_large_ranks_survivors_only():
    """Masked weights are 0 now but not at step 0: they would shift one rank and not the other."""
    initial, final = np.random.default_rng(4).normal(size=(2, 50))
    mask = np.random.default_rng(5).random(50) < 0.5
    masked = scores.Evidence(
        {"k": final * mask}, rewind_points={0: {"k": initial}}, masks={"k": mask}
    )
    alone = scores.Evidence({"k": final[mask]}, rewind_points={0: {"k": initial[mask]}})
    for name in ("large_init_large_final", "small_init_small_final"):
        score = scores.get(name)
        assert np.array_equal(score(None, masked)["k"][mask], score(None, alone)["k"])


def test_the_initialisation_must_have_been_recorded():
    late = scores.Evidence({"k": FINAL}, rewind_points={100: {"k": INITIAL}})
    with pytest.raises(ValueError, match=r"step 0.*\['k'\] are missing.*steps \[100\]"):
        scores.get("displacement")(None, late)
