"""Runs side by side."""

from __future__ import annotations

import dataclasses

import pytest

from tfticket.reports.comparison import ComparedRun, Comparison
from tfticket.reports.results import Result


def network(replicate, round_, arm, accuracy, sparsity=0.0, seed=None):
    return Result(
        replicate=replicate,
        round=round_,
        arm=arm,
        seed=10 + replicate if seed is None else seed,
        sparsity=sparsity,
        num_kept=int(100 * (1 - sparsity)),
        num_weights=100,
        metrics={"test_accuracy": accuracy, "test_loss": 1 - accuracy},
    )


@pytest.fixture
def two():
    """Two runs over the same dense networks; the second one has a level of the same sparsity."""
    dense = [network(0, 0, "dense", 0.9), network(1, 0, "dense", 0.8)]
    first = [network(0, 1, "ticket", 0.85, 0.5), network(1, 1, "ticket", 0.77, 0.5)]
    second = [network(0, 1, "ticket", 0.84, 0.25), network(1, 1, "ticket", 0.79, 0.25)]
    second += [network(0, 2, "ticket", 0.83, 0.5), network(1, 2, "ticket", 0.73, 0.5)]
    second += [network(0, 2, "reshuffle", 0.6, 0.5, seed=77)]
    runs = ComparedRun("a", (*dense, *first)), ComparedRun("b", (*dense, *second))
    return Comparison(runs, {"model": "net", "data": "toys"})


def test_rows_are_paired_with_dense_and_with_the_first_run(two):
    dense, first, ticket, control = two.rows()
    assert (dense.arm, dense.shared, dense.to_dense) == ("dense", 2, None)
    assert (first.run, first.round) == ("a", 1)
    assert first.to_dense.mean == pytest.approx((-0.05 - 0.03) / 2)
    assert first.to_reference is None
    assert (ticket.run, ticket.round) == ("b", 2)
    assert ticket.to_reference.mean == pytest.approx((-0.02 - 0.04) / 2)
    assert ticket.to_reference.half_width == pytest.approx(12.7062 * 0.01, abs=1e-4)
    assert (control.arm, control.to_dense.num) == ("reshuffle", 1)  # by replicate, not its own seed
    assert control.to_dense.mean == pytest.approx(-0.3)
    assert control.to_ticket.mean == pytest.approx(-0.23)
    assert ticket.to_ticket is None


def test_levels_of_another_sparsity_have_no_reference(two):
    rows = Comparison(two.runs, {}, every_level=True).rows()
    (level,) = [r for r in rows if (r.run, r.round) == ("b", 1)]
    assert level.to_reference is None


def test_dense_networks_that_differ_stand_apart(two):
    other = ComparedRun("c", (network(0, 0, "dense", 0.5), network(0, 1, "ticket", 0.4, 0.5)))
    rows = Comparison((*two.runs, other), {}).rows()
    assert [(r.run, r.shared) for r in rows if r.arm == "dense"] == [("a", 2), ("c", 1)]


def test_the_table_says_what_all_have_and_what_is_subtracted(two):
    text = str(two)
    assert text.startswith("All: model=net, data=toys")
    assert "2 runs" in text and "minus the first run's ticket" in text
    assert "Those to the first run, a, are at the same sparsity." in text
    alone = str(Comparison(two.runs[:1], {}))
    assert "minus the first run" not in alone


def test_what_was_never_measured_is_not_called_not_finite(two):
    other = dataclasses.replace(network(0, 0, "dense", 0.5), metrics={"test_loss": 0.5})
    broken = dataclasses.replace(other, metrics={"test_accuracy": None})
    runs = [ComparedRun(n, (r,)) for n, r in (("other", other), ("broken", broken))]
    values = [row[6] for row in Comparison((*two.runs, *runs), {}, "test_accuracy").table()[1]]
    assert values[-2:] == ["not measured", "not finite"]


def test_runs_that_differ_in_sparsity_alone_are_one_line():
    runs = [
        ComparedRun(
            f"snip sparsity={s}",
            (network(0, 0, "dense", 0.9), network(0, 1, "ticket", 0.8, s)),
        )
        for s in (0.5, 0.75)
    ]
    figure = Comparison(tuple(runs), {"model": "net", "data": "toys"}).plot()
    (axes,) = figure.axes
    assert axes.get_legend_handles_labels()[1] == ["dense (n = 1)", "snip (n = 1)"]
    (line,) = [x for x in axes.lines if len(x.get_xdata()) == 2 and x.get_marker() == "o"]
    assert line.get_xdata() == pytest.approx([0.5, 0.25])
    assert axes.get_title() == "net on toys"


def test_dense_networks_that_differ_begin_the_line_of_their_run(two):
    other = ComparedRun("c", (network(0, 0, "dense", 0.5), network(0, 1, "ticket", 0.4, 0.5)))
    (axes,) = Comparison((*two.runs, other), {}).plot().axes
    names = axes.get_legend_handles_labels()[1]
    assert names == ["a (n = 2)", "b (n = 2)", "c (n = 1)"]
    first = [next(map(float, line.get_ydata())) for line in axes.lines[:3]]
    assert first == pytest.approx([0.85, 0.85, 0.5])


def test_replicates_of_nearly_one_sparsity_are_one_point():
    found = [network(0, 0, "dense", 0.9), network(1, 0, "dense", 0.8)]
    found += [network(0, 1, "ticket", 0.7, 0.8427), network(1, 1, "ticket", 0.6, 0.8415)]
    (axes,) = Comparison((ComparedRun("a", tuple(found)),), {}).plot().axes
    assert [p.get_width() for p in axes.patches][:2] == pytest.approx([0.85, 0.65])


def test_networks_of_sparsity_0_are_not_their_dense_ones():
    runs = [
        ComparedRun(n, (network(0, 0, "dense", d), network(0, 1, "ticket", 0.2)))
        for n, d in (("a", 0.9), ("b", 0.8))
    ]
    (axes,) = Comparison(tuple(runs), {}).plot().axes
    assert [list(line.get_ydata()) for line in axes.lines[:2]] == [[0.9, 0.2], [0.8, 0.2]]


def test_dense_networks_are_the_same_only_if_all_figures_are(two):
    almost = Result(**{**two.runs[0].results[0].to_dict(), "metrics": {"test_accuracy": 0.9}})
    other = ComparedRun("c", (almost, *two.runs[0].results[1:]))
    rows = Comparison((*two.runs, other), {}).rows()
    assert [(r.run, r.shared) for r in rows if r.arm == "dense"] == [("a", 2), ("c", 1)]


def test_other_architectures_are_not_compared_as_if_they_were_of_one_size(two):
    larger = [Result(**{**r.to_dict(), "num_weights": 900}) for r in two.runs[1].results]
    rows = Comparison((two.runs[0], ComparedRun("b", tuple(larger))), {}).rows()
    assert all(r.to_reference is None for r in rows)


def test_a_metric_that_is_not_there_is_refused(two):
    with pytest.raises(ValueError, match="`metric` must be one of"):
        Comparison(two.runs, {}, "test_beauty")


def of_kept(replicate, round_, accuracy, num_kept, **log):
    made = network(replicate, round_, "ticket" if round_ else "dense", accuracy)
    sizes = {"sparsity": 1 - num_kept / 100_000, "num_kept": num_kept, "num_weights": 100_000}
    return dataclasses.replace(made, log=log, **sizes)


def test_the_reference_is_the_nearest_of_as_many_weights_seed_by_seed():
    sparse = ComparedRun("a", (of_kept(0, 1, 0.7, 100), of_kept(0, 2, 0.6, 50)))
    (_, row) = Comparison((sparse, ComparedRun("b", (of_kept(0, 1, 0.65, 50),))), {}).rows()
    assert row.to_reference.mean == pytest.approx(0.05)  # though .9990 and .9995 are nearly one
    (_, row) = Comparison((sparse, ComparedRun("b", (of_kept(0, 1, 0.65, 65),))), {}).rows()
    assert row.to_reference is None
    several = ComparedRun("a", (of_kept(0, 1, 0.7, 70_000), of_kept(1, 1, 0.1, 40_000)))
    even = ComparedRun("b", (of_kept(0, 1, 0.8, 70_000), of_kept(1, 1, 0.9, 70_000)))
    found = Comparison((several, even), {})
    assert found.rows()[1].to_reference.num == 1
    assert found.rows()[1].to_reference.mean == pytest.approx(0.1)
    assert found.table()[1][1][-1] == "+0.1000 (n 1)"
    assert found.rows()[0].num_kept == 55_000


def test_budgets_that_differ_are_told():
    dense = of_kept(0, 0, 0.9, 100_000, trained_steps=20)
    short = ComparedRun("short", (dense, of_kept(0, 1, 0.9, 50, trained_steps=20)))
    long = ComparedRun("long", (dense, of_kept(0, 1, 0.9, 50, trained_steps=1_080)))
    assert Comparison((short,), {}).notes() == []
    (note,) = Comparison((short, long), {}).notes()
    assert note.endswith("weights were trained for: dense 20, short 20, long 1,080.")
    assert note in str(Comparison((short, long), {}))


def test_what_is_missing_or_not_finite_is_left_out_and_told(two):
    results = [*two.runs[1].results, network(7, 2, "reshuffle", 0.5, 0.5)]
    results[-4] = network(0, 2, "ticket", float("nan"), 0.5)
    found = Comparison((two.runs[0], ComparedRun("b", tuple(results))), {})
    assert "0.7300 (1 not finite)" in str(found)
    assert [r.value.num for r in found.rows() if r.arm == "reshuffle"] == [1]


def test_nothing_is_subtracted_from_results_on_other_data(two):
    other = dataclasses.replace(two.runs[1], has_other_data=True)
    rows = Comparison((two.runs[0], other), {}, remarks=("b has other data.",)).rows()
    assert [row.to_reference for row in rows] == [None] * 4
    assert rows[2].to_dense is not None
