from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tfticket.errors import CorruptFileError
from tfticket.reports import Result
from tfticket.reports.outcome import Outcome, choose


def result(replicate, round_, arm, accuracy, validation=0.5):
    metrics = {
        "validation_loss": 1.0,
        "validation_accuracy": validation,
        "test_accuracy": accuracy,
    }
    return Result(replicate, round_, arm, replicate, 0.5 * round_ / 2, 5, 10, metrics)


@pytest.fixture
def outcome():
    results = (
        *(result(0, 0, "dense", 0.9), result(0, 1, "ticket", 0.8, 0.9)),
        *(result(0, 2, "ticket", 0.7, 0.6), result(0, 2, "random_sparse", 0.2, 1.0)),
        *(result(1, 0, "dense", 0.8), result(1, 1, "ticket", 0.9, 0.9)),
        *(result(1, 2, "ticket", 0.6, 0.7), result(1, 2, "random_sparse", 0.4, 1.0)),
    )
    return Outcome(
        results,
        choose(results),
        files={"model.tflite": 1_000},
        skipped={"accuracy_vs_sparsity.png": "`matplotlib` is missing"},
        notes=("the data are synthetic",),
        exports={"model.tflite": {"gzip_bytes": 900, "dense_file_bytes": 4_000, "notes": ["no"]}},
    )


def test_the_ticket_of_the_last_level_with_the_best_validation_is_chosen(outcome):
    assert (outcome.chosen.replicate, outcome.chosen.round, outcome.chosen.arm) == (1, 2, "ticket")
    assert outcome.choice == "replicate 1, level 2: best validation of 2 replicates"


def test_a_level_may_be_asked_for(outcome):
    assert choose(outcome.results, round_=0).arm == "dense"
    with pytest.raises(ValueError, match=r"`level` must be one of \[0, 1, 2\]"):
        choose(outcome.results, round_=3)


def test_a_level_is_shown_beside_dense(outcome):
    shown = [(r.replicate, r.arm) for r in outcome.at_level(2)]
    arms = ("dense", "ticket", "random_sparse")
    assert shown == [(replicate, arm) for replicate in (0, 1) for arm in arms]


def test_the_text_leaves_nothing_out(outcome):
    text = outcome.text("runs/first")
    for part in (
        "mean ± standard deviation over 2 replicates",
        "0.8500 ± 0.0707",
        "Chosen: replicate 1, level 2",
        "Note: the data are synthetic",
        "Skipped: accuracy_vs_sparsity.png: `matplotlib` is missing",
        "runs/first/model.tflite  1,000      900           4,000",
        "model.tflite: no.",
    ):
        assert part in text


def test_budgets_are_told_where_they_are_known(outcome):
    assert outcome.budget == "" and "udget" not in outcome.text()

    def trained(ticket_steps):
        steps = {"dense": 100, "ticket": ticket_steps, "random_sparse": 100}
        results = [replace(r, log={"end_step": steps[r.arm]}) for r in outcome.results]
        return Outcome(tuple(results), choose(results))

    equal = "Equal budgets: every network was trained for 100 steps."
    assert trained(100).to_dict()["budget"] == equal
    assert equal in trained(100).text()
    assert trained(1_140).budget == (
        "Budgets differ, in steps of training: dense 100, ticket 1,140, random sparse 100."
    )


def test_an_outcome_survives_json(outcome):
    assert Outcome.from_dict(json.loads(json.dumps(outcome.to_dict()))) == outcome


def test_something_else_is_no_outcome():
    with pytest.raises(CorruptFileError, match="no record of an outcome"):
        Outcome.from_dict({"results": []})
