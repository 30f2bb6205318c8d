"""A row of a comparison as text."""

from __future__ import annotations

import dataclasses

from tfticket.reports.comparison import ComparedRun, Comparison
from tfticket.reports.results import Result


def runs(parameters):
    metrics = {"test_accuracy": 0.5}
    log = {"parameters": parameters, "dense_parameters": 130} if parameters else {}
    dense = Result(0, 0, "dense", 0, 0.0, 100, 100, metrics)
    ticket = Result(0, 1, "ticket", 0, 0.0, 100, 100, metrics, log)
    return ComparedRun("factors" if parameters else "masks", (dense, ticket))


def test_parameters_are_told_where_a_network_is_smaller():
    header, (dense, ticket) = Comparison((runs(40),), {}).table()
    place = header.index("parameters")
    assert (dense[place], ticket[place]) == ("130", "40")
    assert len(header) == len(dense) == len(ticket)


def test_a_run_without_smaller_networks_leaves_them_empty():
    masks = dataclasses.replace(runs(None), results=runs(None).results[1:])
    header, rows = Comparison((runs(40), masks), {}).table()
    place = header.index("parameters")
    assert [row[place] for row in rows] == ["130", "40", ""]
    assert {len(row) for row in rows} == {len(header)}


def test_without_smaller_networks_there_is_no_such_column():
    header, rows = Comparison((runs(None),), {}).table()
    assert "parameters" not in header
    assert [row[1:6] for row in rows] == [
        ["dense", "0", "0.0000", "100", "1"],
        ["ticket", "1", "0.0000", "100", "1"],
    ]
