"""The inputs of each output ranked among themselves."""

import numpy as np
import pytest

from tfticket.layouts import Layout
from tfticket.masks import Masks
from tfticket.pruning_method import PruningMethod
from tfticket.schedules import OneShot
from tfticket.selection import outputs, select
from tfticket.selection.outputs import keep_of_each_output
from tfticket.selection.shrinking import Shrinking

DEPTHWISE = Layout(inputs=(), outputs=(-2, -1))
TRANSPOSED = Layout(inputs=(-1,), outputs=(-2,))


@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.5, 0.95])
@pytest.mark.parametrize(
    ("shape", "layout", "outputs"),
    [
        ((13, 7), Layout(), (1,)),
        ((3, 3, 5, 4), Layout(), (3,)),
        ((3, 3, 4, 5), TRANSPOSED, (2,)),
        ((3, 3, 6, 2), DEPTHWISE, (2, 3)),
    ],
)
def test_every_output_keeps_its_best_inputs(shape, layout, outputs, sparsity):
    """Against a sort of each output by itself, with equal scores among them."""
    rng = np.random.default_rng(0)
    scores, mask = rng.integers(0, 6, shape).astype("f4"), rng.random(shape) < 0.97
    found = keep_of_each_output(scores, mask, layout, sparsity)
    inputs = [a for a in range(len(shape)) if a not in outputs]

    def columns(array):
        ordered = array.transpose([*inputs, *outputs])
        return ordered.reshape(np.prod([shape[a] for a in inputs]), -1).T

    whole = round((1 - sparsity) * scores.size)
    least = whole // len(columns(scores))
    for score, survives, kept in zip(*(columns(a) for a in (scores, mask, found)), strict=True):
        order = [i for i in np.argsort(-score, kind="stable") if survives[i]]
        count = np.count_nonzero(kept)
        assert min(least, len(order)) <= count <= least + 1
        assert np.flatnonzero(kept).tolist() == sorted(order[:count])
    assert found.sum() == whole or sparsity == 0


def test_outputs_with_the_best_next_input_keep_one_more():
    scores = np.array([[9.0, 9.0, 9.0], [1.0, 3.0, 2.0], [0.0, 0.0, 0.0]])
    found = keep_of_each_output(scores, np.ones((3, 3), bool), Layout(), 4 / 9)
    assert found.tolist() == [[True, True, True], [False, True, True], [False, False, False]]


def test_the_scope_is_taken_by_name_for_any_score():
    scores = {"k": np.array([[9.0, 1.0], [8.0, 2.0], [7.0, 0.0], [6.0, 3.0]])}
    everything = Masks({"k": np.ones((4, 2), bool)})
    found = select(scores, everything, 0.5, scope="output")["k"]
    assert found.tolist() == [[True, False], [True, True], [False, False], [False, True]]
    pattern = select(scores, everything, 0.75, scope="output", granularity="1:4")["k"]
    assert pattern.tolist() == [[True, False], [False, False], [False, False], [False, True]]


def test_larger_units_have_no_outputs_of_their_own():
    everything = Masks({"k": np.ones((4, 4), bool)})
    with pytest.raises(ValueError, match="`granularity` must be 'weight' or n:m.*2, 2"):
        select({"k": np.ones((4, 4))}, everything, 0.5, scope="output", granularity="2x2")
    with pytest.raises(ValueError, match="`granularity` must be 'weight' or n:m"):
        PruningMethod(OneShot(0.5), scope="output", granularity="channel", rounds=1)


def test_an_output_of_few_inputs_keeps_one_where_collapse_is_forbidden():
    scores = {"k": np.array([[1.0, 2.0]])}
    everything = Masks({"k": np.ones((1, 2), bool)})
    with pytest.warns(UserWarning, match="collapse"):
        assert not select(scores, everything, 0.9, scope="output")["k"].any()
    kept = select(scores, everything, 0.9, scope="output", on_collapse="keep_one")["k"]
    assert kept.any()


def test_what_a_schedule_takes_is_left_to_the_full_selection():
    kernel = np.arange(1.0, 4_097.0, dtype="f4").reshape(64, 64)
    everything = Masks({"k": np.ones((64, 64), bool)})
    assert Shrinking(np.abs, "layer").dropped({"k": kernel}, everything, 4 / 4_096) is not None
    assert Shrinking(np.abs, "output").dropped({"k": kernel}, everything, 4 / 4_096) is None


@pytest.mark.parametrize("together", [1, 24, 60])
def test_looking_at_some_outputs_at_a_time_changes_nothing(monkeypatch, together):
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 9, (12, 7)).astype(np.float32)
    mask = rng.random(scores.shape) < 0.8
    whole = keep_of_each_output(scores, mask, Layout(), 0.6)
    monkeypatch.setattr(outputs, "_TOGETHER", together)
    assert np.array_equal(keep_of_each_output(scores, mask, Layout(), 0.6), whole)
