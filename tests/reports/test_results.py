from __future__ import annotations

import math

import pytest

from tfticket.reports import Result, best, results_table, statistic, summarize
from tfticket.reports.tables import same_budget


def result(replicate, round_=0, arm="dense", log=None, **metrics):
    return Result(replicate, round_, arm, replicate, 0.5 * bool(round_), 5, 10, metrics, log or {})


def test_a_single_value_has_no_standard_deviation():
    assert statistic([0.5]).sd is None
    assert statistic([0.5]).text() == "0.5000"


def test_the_standard_deviation_is_that_of_a_sample():
    found = statistic([1.0, 2.0, 3.0])
    assert (found.mean, found.sd, found.num) == (2.0, 1.0, 3)


def test_what_is_not_finite_is_counted_and_left_out():
    found = statistic([1.0, None, math.nan, 3.0])
    assert (found.mean, found.num, found.num_missing) == (2.0, 2, 2)
    assert statistic([None]) is None


def test_replicates_of_an_arm_are_put_together():
    results = [
        result(0, test_accuracy=0.9),
        result(0, 1, "ticket", test_accuracy=0.8),
        result(1, test_accuracy=0.7),
    ]
    dense, ticket = summarize(results)
    assert (dense.arm, dense.num_replicates) == ("dense", 2)
    assert dense.statistics["test_accuracy"].mean == pytest.approx(0.8)
    assert (ticket.round, ticket.sparsity, ticket.num_replicates) == (1, 0.5, 1)


def test_the_best_is_chosen_on_validation_and_never_on_test():
    poor_test = result(0, validation_accuracy=0.9, validation_loss=0.5, test_accuracy=0.1)
    good_test = result(1, validation_accuracy=0.8, validation_loss=0.4, test_accuracy=1.0)
    assert best([good_test, poor_test]) is poor_test


def test_equal_accuracies_are_told_apart_by_loss_then_by_order():
    first = result(0, validation_accuracy=0.9, validation_loss=0.5)
    lower = result(1, validation_accuracy=0.9, validation_loss=0.4)
    again = result(2, validation_accuracy=0.9, validation_loss=0.4)
    assert best([first, lower, again]) is lower


def test_without_accuracy_the_lowest_loss_is_best():
    assert best([result(0, validation_loss=2.0), result(1, validation_loss=1.0)]).replicate == 1


def test_a_result_that_is_not_finite_is_never_best():
    diverged = result(0, validation_accuracy=1.0, validation_loss=None)
    assert best([diverged, result(1, validation_accuracy=0.1, validation_loss=9.0)]).replicate == 1


def test_the_table_says_how_many_replicates_and_calls_test_test():
    results = [result(i, test_accuracy=0.9 + i / 100, test_loss=0.1) for i in range(2)]
    text = results_table(results)
    header, row = text.splitlines()
    assert header.startswith("network (n = 2)  level")
    assert "test accuracy" in header
    assert "0.9050 ± 0.0071" in row


def test_of_one_replicate_nothing_is_said_and_where_numbers_differ_there_is_a_column():
    one, other = result(0, test_accuracy=0.5), result(1, test_accuracy=0.5)
    assert results_table([one]).splitlines()[0].split()[-2:] == ["test", "accuracy"]
    ticket = result(0, 1, "ticket", test_accuracy=0.5)
    lines = results_table([one, other, ticket]).splitlines()
    assert [line.split()[-1] for line in lines] == ["replicates", "2", "1"]


def test_steps_are_told_where_they_differ_and_channels_where_they_go():
    def trained(arm, steps, **log):
        return result(0, int(arm != "dense"), arm, {"end_step": steps, **log}, test_accuracy=0.5)

    equal = [trained("dense", 100), trained("ticket", 100)]
    assert same_budget(summarize(equal))
    assert "steps" not in results_table(equal)
    found = [trained("dense", 100, num_channels=20), trained("ticket", 1_400, num_channels=10)]
    header, dense, ticket = results_table(found).splitlines()
    assert header.split()[4:6] == ["channels", "steps"]
    assert (dense.split()[4:6], ticket.split()[4:6]) == (["20", "100"], ["10", "1,400"])
    longer = result(0, 2, "ticket", {"end_step": 100, "trained_steps": 300}, test_accuracy=0.5)
    assert longer.value("trained_steps") == 300 and not same_budget(summarize([*equal, longer]))
    measured = [*found, result(0, 1, "reshuffle", test_accuracy=0.5)]  # nothing was trained
    assert results_table(measured).splitlines()[-1].split()[4:6] == ["-", "-"]


def test_the_table_tells_what_is_missing():
    results = [result(0, test_accuracy=0.5), result(1, test_accuracy=None)]
    assert "0.5000 (1 not finite)" in results_table(results)


def test_early_stop_steps_are_shown_as_whole_numbers():
    results = [result(i, log={"early_stop_step": 100 * i}, test_accuracy=0.5) for i in (1, 2)]
    assert "150 ± 71" in results_table(results)


def test_metrics_of_any_name_are_shown_and_losses_where_there_is_nothing_else():
    named = result(0, test_loss=1.0, test_auc=0.5, test_a_loss=2.0, validation_auc=0.25)
    table = results_table([named])
    assert "test auc" in table and "validation auc" in table and "loss" not in table
    assert "test loss" in results_table([result(0, test_loss=1.0)])


def test_the_best_is_of_the_one_accuracy_or_of_the_least_loss():
    def validated(replicate, loss, **metrics):
        named = {f"validation_{n}": value for n, value in metrics.items()}
        return result(replicate, validation_loss=loss, **named)

    first, second = (validated(n, 1.0 - n, binary_accuracy=0.9 - n) for n in (0, 1))
    assert best([second, first]) is first
    first, second = (validated(n, 1.0 - n, a_accuracy=0.9, b_accuracy=0.9 - n) for n in (0, 1))
    assert best([first, second]) is second
    first, second = (validated(n, 1.0 - n, auc=0.9 - n) for n in (0, 1))
    assert best([first, second]) is second


def test_smaller_networks_have_a_column_of_parameters():
    log = {"parameters": 40, "dense_parameters": 1100}
    results = [result(0, test_accuracy=0.9), result(0, 1, "ticket", log=log, test_accuracy=0.8)]
    header, dense, ticket = (line.split() for line in results_table(results).splitlines())
    place = header.index("parameters")
    assert (dense[place], ticket[place]) == ("1,100", "40")
    assert "parameters" not in results_table(results[:1])
