import pytest

from tfticket.weight_agnostic import EvolutionSettings
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
        ({"elite_rate": 1.0}, "`elite_rate` must"),
        ({f"{name}_odds": 0.0 for name in MUTATIONS}, "must be above 0"),
    ],
)
def test_what_cannot_be_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        EvolutionSettings(**given)


def test_another_setting_or_seed_is_another_search():
    one = EvolutionSettings()
    ids = {
        one.search_id(4, 2, 0),
        one.search_id(4, 2, 1),
        one.search_id(5, 2, 0),
        EvolutionSettings(generations=7).search_id(4, 2, 0),
    }
    assert len(ids) == 4
    assert one.search_id(4, 2, 0) == EvolutionSettings().search_id(4, 2, 0)
