"""Masks that change in few places: written there, with the very result of writing everything."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import _keras, _optimizers, enforce, weights
from tfticket.enforcement import changes
from tfticket.enforcement.changes import after_moves, are_few, places_that_differ
from tfticket.errors import EnforcementError, MismatchError
from tfticket.masks import Masks

OPTIMIZERS = ["Adam", "SGD", "Adagrad", "RMSprop", "Ftrl"]


def test_places_that_differ_are_counted_row_by_row():
    before = Masks({"a": np.eye(3, dtype=bool), "b": np.ones(2, bool)})
    after = Masks({"a": np.ones((3, 3), bool), "b": np.ones(2, bool)})
    found = {p: at.tolist() for p, at in places_that_differ(before, after).items()}
    assert found == {"a": [1, 2, 3, 5, 6, 7], "b": []}


def test_few_places_are_one_in_so_many_of_all():
    masks = {"a": np.ones(64 * 3, bool), "b": np.ones(64, bool)}
    assert are_few({"a": np.arange(4)}, masks)
    assert not are_few({"a": np.arange(4), "b": np.arange(1)}, masks)


def test_moves_drop_and_grow_and_what_grows_holds():
    masks = Masks({"a": np.array([[True, True], [False, False]]), "b": np.ones(2, bool)})
    moved = after_moves(masks, {"a": np.array([0, 3])}, {"a": np.array([2, 3])})
    assert moved["a"].tolist() == [[False, True], [True, True]]
    assert moved["b"] is masks["b"]
    assert masks["a"].tolist() == [[True, True], [False, False]]
    with pytest.raises(MismatchError, match="'c'"):
        after_moves(masks, {"c": np.array([0])}, {})
    for wrong in (4, -1):
        with pytest.raises(IndexError):
            after_moves(masks, {}, {"a": np.array([wrong])})


@pytest.mark.parametrize("kind", [list, np.uint8, np.int32, np.uint64])
def test_places_are_integers_of_any_kind(net, draw, data, always_in_place, kind):
    model = net()
    masks, make = draw(model), list if kind is list else lambda places: np.array(places, kind)
    with enforce(model, masks) as enforcement:
        for number in range(6):
            model.train_on_batch(*data)
            enforcement.move({"out/kernel": make([number])}, {"out/kernel": make([number + 1])})
        kept = enforcement.masks["out/kernel"]
        assert kept.reshape(-1)[:7].tolist() == [False] * 6 + [True]
        assert np.array_equal(enforcement._holding._pruned["out/kernel"].mask, kept)
        with pytest.raises(TypeError, match="integers"):
            enforcement.move({"out/kernel": np.array([0.5])})


def test_masks_of_another_order_of_paths_go_where_they_belong(net, draw, always_in_place):
    model = net()
    masks = draw(model)
    with enforce(model, masks) as enforcement:
        for number in range(6):
            paths = list(masks)[:: 1 - 2 * (number % 2)]
            places = {p: np.array([number + 7 * i]) for i, p in enumerate(masks)}
            masks = after_moves(masks, places, places if number % 3 else {})
            enforcement.update(Masks({p: masks[p] for p in paths}))
            for path, pruned in enforcement._holding._pruned.items():
                assert np.array_equal(pruned.mask, masks[path])
        enforcement.check()


@pytest.fixture
def always_in_place(monkeypatch):
    monkeypatch.setattr(changes, "_FEW", 1)
    monkeypatch.setattr(changes, "_WORTH_TRACING", 3)


def states(model, masks):
    """Weights, and slots of masked weights, as arrays by name."""
    variables = weights.variables(model)
    found = {p: _keras.to_numpy(variables[p]) for p in masks}
    for path in masks:
        for number, slot in enumerate(_optimizers.slots(model.optimizer, variables[path])):
            found[f"{path}:{number}"] = _keras.to_numpy(slot.variable)
    return found


def history(model, data, masks, rng, write):
    """Eight steps, after each of which masks drop some places and grow others."""
    seen = []
    with enforce(model, masks) as enforcement:
        for _ in range(8):
            model.train_on_batch(*data)
            places = {p: rng.permutation(m.size) for p, m in masks.items()}
            dropped = {p: at[:3] for p, at in places.items()}
            grown = {p: at[3:5] for p, at in places.items()}
            write(enforcement, dropped, grown)
            seen.append((enforcement.masks, states(model, masks)))
            enforcement.check()
    return seen


def by_move(enforcement, dropped, grown):
    enforcement.move(dropped, grown)


def by_update(enforcement, dropped, grown):
    enforcement.update(after_moves(enforcement.masks, dropped, grown))


@pytest.mark.parametrize(
    "name", [*OPTIMIZERS[:2], *(pytest.param(n, marks=pytest.mark.long) for n in OPTIMIZERS[2:])]
)
@pytest.mark.parametrize("options", [{}, {"use_ema": True}], ids=["plain", "averaged"])
def test_writing_in_place_equals_writing_everything(
    keras, net, draw, data, monkeypatch, name, options
):
    def train(write):
        model = net(getattr(keras.optimizers, name)(0.01, **options))
        return history(model, data, draw(model), np.random.default_rng(5), write)

    monkeypatch.setattr(changes, "_FEW", 10**9)  # never few: everything is written
    expected = train(by_update)
    monkeypatch.setattr(changes, "_FEW", 1)
    monkeypatch.setattr(changes, "_WORTH_TRACING", 3)
    for write in (by_update, by_move):
        for (masks, found), (its_masks, right) in zip(train(write), expected, strict=True):
            assert masks == its_masks
            assert all(np.array_equal(found[p], right[p]) for p in right)


def test_pruned_values_are_held_where_masks_moved(net, draw, data, leaks, always_in_place):
    model = net("adam")
    masks = draw(model)
    values = {p: np.full(m.shape, 0.5, np.float32) for p, m in masks.items()}
    with enforce(model, masks, pruned_values=values) as enforcement:
        for place in range(5):
            model.train_on_batch(*data)
            enforcement.move({p: np.array([place]) for p in masks})
            assert leaks(model, enforcement.masks, values) == {}


def test_who_reads_a_weight_keeps_what_was_read(net, draw, always_in_place):
    model = net()
    masks = draw(model, density=1.1)
    kernel = weights.variables(model)["hidden/kernel"]
    with enforce(model, masks) as enforcement:
        read, seen = _keras.value_of(kernel), _keras.view(kernel)
        copied = np.array(seen)
        enforcement.move({"hidden/kernel": np.array([0, 7])})
        assert np.array_equal(read.numpy(), copied)
        assert np.array_equal(seen, copied)
        assert np.flatnonzero(_keras.to_numpy(kernel) == 0).tolist() == [0, 7]


def test_slots_that_are_created_later_are_written_too(net, draw, data, leaks, always_in_place):
    model = net("adam", run_eagerly=True)
    masks = draw(model, density=1.1)
    with enforce(model, masks) as enforcement:
        enforcement.move({"hidden/kernel": np.array([1])})
        for place in range(2, 7):
            model.train_on_batch(*data)
            enforcement.move({"hidden/kernel": np.array([place])})
            assert leaks(model, enforcement.masks) == {}


def test_who_is_no_longer_in_force_moves_nothing(net, draw):
    model = net()
    enforcement = enforce(model, draw(model))
    enforcement.release()
    with pytest.raises(EnforcementError, match="in force"):
        enforcement.move({})
