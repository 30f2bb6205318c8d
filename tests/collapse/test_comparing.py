from tfticket import collapse
from tfticket.scores import Evidence


def test_comparing_gives_plain_rows_and_a_table(model):
    curves = collapse.compare(
        model,
        ["magnitude", "random"],
        rounds={"random": 2},
        compression_ratios=[1, 3],
        evidence=Evidence({}, seed=0),
    )
    magnitude, random = collapse.rows(curves)
    assert magnitude == {
        "score": "magnitude",
        "rounds": 1,
        "critical_compression": 1.0,
        "first_collapse": 3.0,
        "first_disconnection": None,
        "maximal_compression": 700 / 3,
        "collapsed_layers": ["second/kernel"],
    }
    assert (random["score"], random["rounds"]) == ("random", 2)
    assert curves[0].table()[4] == {
        "score": "magnitude",
        "rounds": 1,
        "compression_ratio": 3.0,
        "path": "second/kernel",
        "num_weights": 400,
        "num_kept": 0,
    }


def test_every_score_is_heard_of_as_it_goes(model):
    heard = []
    curves = collapse.compare(
        model,
        ["magnitude", "small_final"],
        compression_ratios=[1, 3],
        on_compression=lambda score, ratio, kept: heard.append((score, ratio, dict(kept))),
    )
    assert [(score, ratio) for score, ratio, _ in heard] == [
        ("magnitude", 1),
        ("magnitude", 3),
        ("small_final", 1),
        ("small_final", 3),
    ]
    assert heard[1][2] == curves[0].kept[1]
