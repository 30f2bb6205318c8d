"""What a ticket or a run consists of, in words."""

from __future__ import annotations

import numpy as np

from tfticket import Masks, Ticket
from tfticket.experiments.description import Description
from tfticket.reports import Result, profile
from tfticket.reports.outcome import Outcome


def described(mask, log):
    ticket = Ticket(Masks({"kernel": mask}), {"kernel": np.ones(mask.shape, "float32")}, {})
    kept = int(mask.sum())
    metrics = {"test_accuracy": 0.5, "validation_accuracy": 0.5}
    results = (
        Result(0, 0, "dense", 0, 0.0, 8, 8, metrics),
        Result(0, 1, "ticket", 0, 1 - kept / 8, kept, 8, metrics, log),
    )
    return str(Description("run", profile(ticket), {}, results, Outcome(results, results[1])))


def test_a_network_that_is_smaller_by_other_means_has_no_ratio_of_masks():
    said = described(np.ones((4, 2), bool), {"parameters": 6, "dense_parameters": 10})
    assert said.startswith("No weight is masked of 8 prunable ones.\n")
    assert "compression ratio" not in said
    assert "parameters" in said


def test_masks_are_told_layer_by_layer():
    said = described(np.eye(4, 2) > 0, {})
    assert "sparsity 0.7500, model sparsity 0.7500 of 8 parameters, compression ratio 4.00" in said
