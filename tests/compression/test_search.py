"""Which networks are tried: bisection over files whose sizes and drops are known beforehand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tfticket.compression.budget import Budget
from tfticket.compression.candidate import Candidate, Spread, best, fits
from tfticket.compression.search import Search
from tfticket.compression.treatment import Treatment

TYPES = ("float32", "float16", "dynamic", "int8")


class Imagined:
    """A workshop whose files weigh and lose what two functions say of amount and type."""

    def __init__(self, size, drop, kinds=TYPES, max_trainings=30):
        self.size, self.lost, self.types, self.trained = size, drop, kinds, []
        self.choices = SimpleNamespace(weights=kinds, max_trainings=max_trainings, max_minutes=None)
        self.store = self
        self.record, self.sizes, self.model = {}, {}, None

    def get(self, kind, name):
        return self.sizes.get(name)

    def put(self, kind, name, value):
        self.sizes[name] = value

    def measured(self):
        return []

    def kinds(self, treatment):
        return self.types

    def drop(self, metric):
        return metric

    def network(self, treatment, channels):
        self.trained.append(treatment.channels)
        return {"metric": min(self.lost(treatment.channels, kind) for kind in self.types)}

    def files(self, treatment, channels, stopwatch):
        return [self.candidate(treatment, kind) for kind in self.types]

    def candidate(self, treatment, kind):
        drop = self.lost(treatment.channels, kind) if treatment.channels else 0.0
        size = int(self.size(treatment.channels, kind))
        time = Spread(1.0, 10.0 * (1 - treatment.channels) + 0.1, 1.0)
        name = f"{treatment.name}-{kind}"
        return Candidate(treatment, kind, name, "dense", 1 - drop, drop, size, size, time, None)


def searched(budget, workshop, monkeypatch):
    stages = [SimpleNamespace(removed=k / 20) for k in range(1, 20)]
    allocation = SimpleNamespace(
        most=0.95, at=lambda a: next(s for s in stages if s.removed >= a - 1e-9)
    )
    search = Search(workshop, SimpleNamespace(allocation=allocation), [], None, budget)

    def measured(self, treatment, kind, needs_time):
        found = workshop.candidate(treatment, kind)
        size = {"file_bytes": found.file_bytes, "gzip_bytes": found.gzip_bytes}
        return {**size, "milliseconds": found.milliseconds}

    monkeypatch.setattr("tfticket.compression.sizes.Sizes._measured", measured)
    axes = {
        "channels": (
            lambda a: Treatment(channels=a, cost=budget.cost),
            (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95),
        )
    }
    monkeypatch.setattr(Search, "_axes", lambda self: axes)
    return search.run()


def weighs(amount, kind):
    return 1_000_000 * (1 - amount) / {"float32": 1, "float16": 2, "dynamic": 3.9, "int8": 4}[kind]


def up_to(**most):
    """Loses nothing up to an amount, by type, and everything beyond."""
    return lambda amount, kind: 0.0 if amount <= most.get(kind, most.get("others", 0)) else 0.5


@pytest.mark.parametrize("most", [0.0, 0.1, 0.45, 0.7, 0.95])
def test_the_smallest_that_loses_nothing_is_found(most, monkeypatch):
    workshop = Imagined(weighs, up_to(others=most))
    found = searched(Budget(max_drop=0.01), workshop, monkeypatch)
    chosen = best(found.candidates, found.budget)
    assert chosen.weights == "int8"
    rungs = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95]
    assert chosen.treatment.channels == max([0.0, *(r for r in rungs if r <= most)])
    assert len(workshop.trained) <= 4


def test_each_type_of_weights_goes_as_far_as_it_can(monkeypatch):
    """Floats pass where integers do not: the smallest of all is neither type's at the other's."""
    for others, most_int8, kind in ((0.9, 0.7, "float16"), (0.9, 0.85, "int8")):
        workshop = Imagined(weighs, up_to(others=others, dynamic=0.0, int8=most_int8))
        found = searched(Budget(max_drop=0.005), workshop, monkeypatch)
        chosen = best(found.candidates, found.budget)
        expected = {"float16": 0.9, "int8": most_int8}[kind]
        assert (chosen.weights, chosen.treatment.channels) == (kind, expected)


def test_a_file_must_fit_and_pass_itself(monkeypatch):
    """At the rung where int8 fits, float32 passes: neither file does both, and one further does."""
    workshop = Imagined(weighs, up_to(float32=0.85), kinds=("float32", "int8"))
    budget = Budget(max_drop=0.005, max_bytes=200_000)
    found = searched(budget, workshop, monkeypatch)
    chosen = best(found.candidates, budget)
    assert (chosen.weights, chosen.treatment.channels) == ("float32", 0.8)


def test_a_size_is_met_with_as_little_taken_away_as_it_needs(monkeypatch):
    workshop = Imagined(weighs, lambda amount, kind: amount / 10)
    budget = Budget(max_drop=0.5, max_bytes=100_000)
    found = searched(budget, workshop, monkeypatch)
    chosen = best(found.candidates, budget)
    assert (chosen.weights, chosen.treatment.channels) == ("int8", 0.6)
    assert len(workshop.trained) <= 4  # one a type at most


def test_what_fails_for_a_type_is_not_gone_beyond(monkeypatch):
    """Files of one type at a rung are measured in every type, and say it for all."""
    workshop = Imagined(weighs, lambda amount, kind: 0.012 * (amount > 0))
    found = searched(Budget(max_drop=0.01, max_bytes=200_000), workshop, monkeypatch)
    assert not any(fits(c, found.budget) for c in found.candidates)
    assert len(workshop.trained) == 2  # the first rung that fits, and the one before


def test_where_the_whole_network_fits_nothing_is_trained(monkeypatch):
    workshop = Imagined(weighs, up_to(others=0.5))
    found = searched(Budget(max_bytes="2 MB"), workshop, monkeypatch)
    assert workshop.trained == []
    assert best(found.candidates, found.budget).treatment.is_dense


def test_where_nothing_fits_what_comes_nearest_is_looked_for(monkeypatch):
    workshop = Imagined(weighs, up_to(others=0.5))
    budget = Budget(max_drop=0.01, max_bytes=50_000)
    found = searched(budget, workshop, monkeypatch)
    assert not any(fits(c, budget) for c in found.candidates)
    assert 0.5 in workshop.trained
    assert len(workshop.trained) <= 5


def test_no_more_is_tried_than_is_allowed(monkeypatch):
    workshop = Imagined(weighs, up_to(others=0.5), max_trainings=2)
    found = searched(Budget(max_drop=0.01), workshop, monkeypatch)
    assert len(workshop.trained) == 2
    assert any("`max_trainings`, were tried" in n for n in found.notes)


def test_what_may_just_be_lost_may_be_lost():
    budget = Budget(max_drop=0.005)
    drop = 0.9 - 0.895
    assert drop > 0.005
    made = Candidate(Treatment(), "int8", "x", "dense", 0.895, drop, 1, 1, None, None)
    assert fits(made, budget)
