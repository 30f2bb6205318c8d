import numpy as np
import pytest

from tfticket import scores

WEIGHTS = {"a/kernel": np.array([[-3.0, 1.0]], np.float32), "b/kernel": np.zeros((2, 2))}


def test_magnitude_is_the_absolute_value():
    found = scores.get("magnitude")(None, scores.Evidence(WEIGHTS))
    assert found["a/kernel"].tolist() == [[3.0, 1.0]]


def test_random_scores_depend_on_the_seed_and_the_path_alone():
    score = scores.get("random")
    first = score(None, scores.Evidence(WEIGHTS, seed=1))
    alone = score(None, scores.Evidence({"b/kernel": WEIGHTS["b/kernel"]}, seed=1))
    other = score(None, scores.Evidence(WEIGHTS, seed=2))
    assert np.array_equal(first["b/kernel"], alone["b/kernel"])
    assert not np.array_equal(first["b/kernel"], other["b/kernel"])


def test_a_score_says_which_evidence_is_missing():
    with pytest.raises(ValueError, match="must have seed: the score 'random' needs it"):
        scores.get("random")(None, scores.Evidence(WEIGHTS))


def test_an_unknown_score_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="'grasp', .*'magnitude', .*'random', .*'synflow'"):
        scores.get("magnitud")
    with pytest.raises(TypeError, match="a name or a `Score`"):
        scores.get(3)
    with pytest.raises(TypeError, match="temprature"):
        scores.get({"name": "grasp", "temprature": 100})


@pytest.mark.parametrize("name", sorted(scores.SCORES))
def test_a_score_is_made_again_from_its_configuration(name):
    score = scores.get(name)
    assert scores.get(score.config()).config() == score.config()
    assert scores.get(score) is score


def test_settings_are_part_of_the_configuration():
    assert scores.Grasp(temperature=1.0).config() == {"name": "grasp", "temperature": 1.0}


def test_batches_are_one_pair_or_a_list_of_pairs():
    pair = (np.zeros((2, 3)), np.zeros(2))
    assert scores.Evidence({}).batches == []
    assert scores.Evidence({}, batch=pair).batches == [pair]
    assert scores.Evidence({}, batch=[pair, pair]).batches == [pair, pair]
    with pytest.raises(ValueError, match=r"pair \(inputs, targets\)"):
        _ = scores.Evidence({}, batch=[*pair]).batches
