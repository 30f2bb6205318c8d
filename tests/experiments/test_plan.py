from __future__ import annotations

import pytest

from tfticket import _keras, selection, zoo
from tfticket.actions import Rewind
from tfticket.experiments.plan import data_kept, make_plan, notes_on
from tfticket.experiments.spec import Spec
from tfticket.zoo.evidence import evidence_from


def plan(**settings):
    given = {"model": "lenet_300_100", "data": "digits", "sparsity": 0.9, **settings}
    return make_plan(Spec(**given))


def test_what_is_left_out_is_as_published_for_the_network():
    made = plan()
    assert made.recipe.pruning_rate == zoo.get_model("lenet_300_100").pruning_rates
    assert (made.task.training.num_steps, made.task.training.batch_size) == (50_000, 60)
    assert (made.recipe.action(), made.recipe.scope) == (Rewind(0), "layer")


def test_runs_of_a_study_have_the_same_prepared_data(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy as np\n\ndef data():\n    return np.eye(100), np.arange(100) % 2\n"
    )
    with data_kept():
        first = plan().data
        assert plan(recipe="snip").data is first
        assert plan(seed=1).data is not first
        assert plan().data is not first  # one at a time is kept
        own = {"data": f"{file}:data", "model": "lenet_300_100"}
        assert plan(**own).data is not plan(**own).data
    assert plan().data is not plan().data


def test_in_one_ranking_of_all_weights_there_is_one_rate():
    assert plan(scope="global").recipe.pruning_rate == 0.2
    assert plan(recipe="late_rewinding").recipe.scope == "global"


def test_given_rates_come_before_published_ones():
    assert plan(pruning_rate=0.5).recipe.pruning_rate == 0.5
    rates = plan(pruning_rate=0.5, output_pruning_rate=0.1).recipe.pruning_rate
    assert rates == {"(^|/)output/kernel$": 0.1, ".*": 0.5}


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({"num_steps": 1_000}, 50),
        ({"num_steps": 1_000, "eval_every": 20}, 20),
        ({"num_steps": 1_000, "rewind_to": "15it"}, 5),
        ({"num_steps": 997}, 1),
        ({"num_steps": 1_000, "steps_per_execution": 8}, 8),
    ],
)
def test_nothing_has_to_happen_inside_an_execution(settings, steps):
    model = plan(**settings, keras="keras").build(0)
    assert model.steps_per_execution == steps


def test_epochs_are_counted_in_examples():
    assert plan(rewind_to="2ep").recipe.rewind_to == round(2 * 1_257 / 60)


def test_gradual_pruning_ends_after_three_quarters_of_the_training():
    recipe = plan(recipe="gradual", num_steps=400).recipe
    assert (recipe.begin_step, recipe.end_step, recipe.frequency) == (0, 300, 4)


def test_recipes_before_training_have_their_papers_rounds_unless_told():
    made = plan(recipe="synflow", scope="erk", granularity="2x1").recipe
    assert (made.score, made.rounds, made.scope) == ("synflow", 100, "erk")
    assert made.method().granularity == selection.Block((2, 1))
    assert plan(recipe="snip", rounds=7).recipe.rounds == 7
    assert plan(recipe="zhou_supermask", score="displacement").recipe.score == "displacement"
    assert plan(recipe="zhou_supermask").recipe.scope == "layer"


def test_the_batch_for_scores_has_as_many_examples_of_each_class():
    made = plan(recipe="snip", examples_per_class=3)
    x, y = evidence_from(made.data, made.build(0), made.recipe.examples_per_class, 5).batch
    assert sorted(y.tolist()) == sorted(3 * list(range(10)))
    assert x.shape == (30, 8, 8, 1)


def test_another_optimizer_has_its_own_options_and_learning_rate(keras):
    model = plan(optimizer="SGD", learning_rate=0.5, keras=keras.__name__).build(0)
    assert type(model.optimizer).__name__ == "SGD"
    assert float(_keras.to_numpy(model.optimizer.learning_rate)) == 0.5


COMPILED = """
def network(keras):
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(),
                              keras.layers.Dense(10)])
    model.compile("sgd", "mse")
    return model
"""


def test_a_network_that_comes_compiled_keeps_its_optimizer(tmp_path):
    (tmp_path / "network.py").write_text(COMPILED)
    made = plan(model=f"{tmp_path}/network.py:network", learning_rate=0.5)
    with pytest.raises(ValueError, match=r"`learning_rate` must be left out.*comes compiled"):
        made.build(0)


def test_network_and_data_must_be_for_one_task():
    with pytest.raises(ValueError, match="`data` must be for regression"):
        plan(model="regression_mlp")


def test_a_rewind_point_after_the_end_is_refused():
    with pytest.raises(ValueError, match=r"`rewind_to` must lie before the end.*step 500"):
        plan(recipe="late_rewinding", num_steps=100)


def test_replicates_of_a_saved_model_share_their_start_and_it_is_noted():
    spec = Spec(model="trained.keras", data="digits", sparsity=0.5, replicates=2)
    data = zoo.load_data("digits")
    _, start, replicates = notes_on(spec, data)
    assert "the start is the weights in trained.keras: rewinding goes back to them" in start
    assert "every replicate starts from the weights in trained.keras" in replicates
