import pytest

from tfticket.weight_agnostic import EvolutionSettings, SwingUp
from tfticket.weight_agnostic.mutations import MUTATIONS


def test_there_are_odds_for_every_mutation():
    assert len(EvolutionSettings().odds) == len(MUTATIONS)
    for number, name in enumerate(MUTATIONS):
        changed = EvolutionSettings(**{f"{name}_odds": 9.0})
        assert changed.odds[number] == 9.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"shared_weights": (0.0, 1.0)}, "never 0"),
        ({"activations": ("relu", "selu")}, "must be some of"),
        ({"activations": ()}, "must be some of"),
        ({"population_size": 1}, "`population_size` must"),
        ({"shared_weights": [1.0, float("nan")]}, "all finite and never 0"),
        ({"shared_weights": float("inf")}, "all finite and never 0"),
        ({"elite_rate": 1.0}, "`elite_rate` must"),
        ({f"{name}_odds": 0.0 for name in MUTATIONS}, "must be above 0"),
    ],
)
def test_what_cannot_be_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        EvolutionSettings(**given)


class Task:
    def __init__(self, num_inputs=4, identity=""):
        self.num_inputs, self.num_outputs, self.identity = num_inputs, 2, identity


class OtherTask(Task):
    pass


def test_another_setting_seed_or_task_is_another_search():
    one = EvolutionSettings()
    ids = {
        one.search_id(Task(), 0),
        one.search_id(Task(), 1),
        one.search_id(Task(num_inputs=5), 0),
        one.search_id(Task(identity="of other data"), 0),
        one.search_id(OtherTask(), 0),
        one.search_id(SwingUp(), 0),
        one.search_id(SwingUp(num_steps=10), 0),
        EvolutionSettings(generations=7).search_id(Task(), 0),
    }
    assert len(ids) == 8
    assert one.search_id(Task(), 0) == EvolutionSettings().search_id(Task(), 0)
