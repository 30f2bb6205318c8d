from __future__ import annotations

import numpy as np
import pytest

from tfticket.errors import CorruptFileError
from tfticket.experiments.reading import read_settings, read_spec
from tfticket.experiments.records import differences
from tfticket.experiments.spec import Spec
from tfticket.recipes.run import Task
from tfticket.zoo import Training

GIVEN = {"model": "lenet_300_100", "data": "digits", "sparsity": 0.9}


def test_a_spec_says_what_differs_from_its_defaults():
    spec = Spec(**GIVEN, seed=3, controls=["reshuffle"])
    given = {"recipe": "lottery_ticket", **GIVEN, "seed": 3, "controls": ["reshuffle"]}
    assert spec.changed() == given


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("sparsity", 1.0, "`sparsity` must be less than 1"),
        ("sparsity", 90, "`sparsity` must be less than 1"),
        ("pruning_rate", 0.0, "`pruning_rate` must be greater than 0"),
        ("num_steps", 0, "`num_steps` must be greater than or equal to 1"),
        ("num_steps", True, "`num_steps` must be a valid integer"),
        ("num_steps", 2.5, "`num_steps` must be a valid integer"),
        ("seed", -1, "`seed` must be greater than or equal to 0"),
        ("keras", "torch", "`keras` must be 'keras' or 'tf_keras'"),
        ("recipe", "magic", "`recipe` must be one of ['fine_tuning'"),
        ("rewind_to", "5 minutes", "`rewind_to` must be written like '500it'"),
        ("rewind_to", -1, "`rewind_to` must be at least 0"),
        ("controls", ["dense"], "`controls` must be"),
        ("export", ["tflite", "tflite"], "`export` must name each member once"),
        ("validation_size", 1.5, "`validation_size` must be"),
        ("model", "", "`model` must have at least 1 character"),
    ],
)
def test_a_setting_out_of_range_is_named_with_its_value(setting, value, said):
    with pytest.raises(ValueError) as caught:
        Spec(**{**GIVEN, setting: value})
    assert said in str(caught.value)
    assert "Received:" in str(caught.value)


def test_an_unknown_setting_is_refused_and_the_likely_one_named():
    with pytest.raises(
        ValueError, match="`batchsize` must be a setting.*Did you mean `batch_size`"
    ):
        Spec(**GIVEN, batchsize=60)


def test_every_wrong_setting_is_told_at_once():
    with pytest.raises(ValueError) as caught:
        Spec(data="digits", sparsity=2.0, seed="x")
    lines = str(caught.value).splitlines()
    assert {line.split("`")[1] for line in lines} == {"model", "sparsity", "seed"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rounds": 3, "pruning_rate": 0.2}, "`rounds` must be left out"),
        ({"recipe": "gradual", "rounds": 3}, "`rounds` must be left out: the recipe 'gradual'"),
        ({"end_step": 100}, "`end_step` must be left out: the recipe 'lottery_ticket'"),
        ({"recipe": "fine_tuning", "rewind_to": 3}, "`rewind_to` must be left out"),
        ({"recipe": "gradual", "sparsity": None}, "`sparsity` must be a valid number"),
        ({"recipe": "snip", "sparsity": None, "rounds": 3}, "`sparsity` must be a valid number"),
        (
            {"recipe": "synflow", "score": "random"},
            "`score` must be left out: the recipe 'synflow'",
        ),
        ({"recipe": "zhou_supermask", "rounds": 3}, "`rounds` must be left out"),
        ({"recipe": "grasp", "end_step": 3}, "`end_step` must be left out"),
    ],
)
def test_settings_at_odds_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        Spec(**{**GIVEN, **settings})


def test_equal_specs_have_one_digest_and_others_another():
    assert Spec(**GIVEN).digest == Spec(**GIVEN, seed=0).digest
    assert Spec(**GIVEN).digest != Spec(**GIVEN, seed=1).digest


def test_differences_name_the_setting_and_both_values():
    assert differences(Spec(**GIVEN).to_dict(), Spec(**GIVEN, seed=1).to_dict()) == {"seed": (0, 1)}


def test_a_spec_survives_its_dictionary():
    spec = Spec(**GIVEN, rewind_to="500it", control_levels=(1, 2), validation_size=0.25)
    assert Spec(**spec.to_dict()) == spec


def test_flags_overrule_the_file(tmp_path):
    file = tmp_path / "first.yaml"
    file.write_text("model: lenet_300_100\ndata: digits\nsparsity: 0.9\nseed: 5\n")
    spec = read_spec(file, seed=7)
    assert (spec.common.seed, spec.recipe.sparsity) == (7, 0.9)


def test_powers_of_ten_are_numbers(tmp_path):
    file = tmp_path / "first.yaml"
    text = "model: lenet_300_100\ndata: digits\nsparsity: 9e-1\nnum_steps: 1e3\nrounds: 2e0\n"
    file.write_text(text + "recipe: late_rewinding\nrewind_to: 2.5e2\nlearning_rate: 1e-3\n")
    spec = read_spec(file)
    found = (spec.common.num_steps, spec.recipe.rounds, spec.recipe.rewind_to)
    assert found == (1000, 2, 250) and {type(n) for n in found} == {int}
    assert (spec.recipe.sparsity, spec.common.learning_rate) == (0.9, 0.001)
    with pytest.raises(ValueError, match="`num_steps` must be a valid integer"):
        Spec(**GIVEN, num_steps=2.5)


def test_a_json_file_does_too(tmp_path):
    file = tmp_path / "first.json"
    file.write_text('{"model": "lenet_300_100", "data": "digits", "rounds": 3}')
    assert read_spec(file).recipe.rounds == 3


def test_a_wrong_setting_in_a_file_names_the_file(tmp_path):
    file = tmp_path / "first.yaml"
    file.write_text("model: lenet_300_100\ndata: digits\nsparsity: 90\n")
    with pytest.raises(ValueError, match=r"first\.yaml: `sparsity` must be less than 1"):
        read_spec(file)


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "{1: 2}"])
def test_a_file_that_holds_no_settings_is_named(tmp_path, text):
    file = tmp_path / "first.yaml"
    file.write_text(text)
    with pytest.raises(Exception, match=r"first\.yaml"):
        read_settings(file)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "a.yaml",
            "sparsity: 0.9\nseed: 5\nsparsity: 0.8",
            "`sparsity` stands in the lines 1 and 3",
        ),
        ("a.yaml", "grid:\n- {seed: 1, seed: 2}", "`seed` stands in the lines 2 and 2"),
        ("a.json", '{"seed": 1, "seed": 2}', "it names 'seed' twice"),
    ],
)
def test_a_setting_that_stands_twice_is_named(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(CorruptFileError, match=said):
        read_settings(tmp_path / name)


def test_anchors_and_aliases_of_yaml_are_read(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(
        "common: &c {seed: 1}\none: {<<: *c, seed: 2}\nlist: &l [1, *l]\n'1': 1\n1.0: 2"
    )
    with pytest.raises(CorruptFileError, match="must hold settings by name"):
        read_settings(file)
    file.write_text("common: &c {seed: 1}\none: {<<: *c, seed: 2}\ntwo: *c")
    assert read_settings(file)["one"] == {"seed": 2}


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.yaml"):
        read_settings(tmp_path / "first.toml")


def test_none_can_be_said_in_a_file(tmp_path):
    file = tmp_path / "first.yaml"
    file.write_text("model: lenet_300_100\ndata: digits\ncontrols: none\nexport: none\n")
    common = read_spec(file).common
    assert (common.controls, common.export) == ((), ())


def test_a_file_of_another_recipe_is_refused(tmp_path):
    file = tmp_path / "first.yaml"
    file.write_text("recipe: snip\nmodel: lenet_300_100\ndata: digits\n")
    assert read_spec(file).recipe_name == "snip"
    with pytest.raises(ValueError, match="'snip' in the file, asked for 'grasp'"):
        read_spec(file, recipe="grasp")


def test_numbers_of_numpy_and_single_names_are_taken():
    spec = Spec(**GIVEN, num_steps=np.int64(5), seed=np.int32(1), controls="reshuffle")
    assert (spec.common.num_steps, spec.common.seed) == (5, 1)
    assert spec.common.controls == ("reshuffle",)
    assert Spec(**GIVEN, control_levels=2).common.control_levels == (2,)


@pytest.mark.parametrize("name", ["rewind_to", "pruning_rate", "validation_size"])
def test_what_may_be_of_several_kinds_is_told_once(name):
    with pytest.raises(ValueError) as caught:
        Spec(**{**GIVEN, name: object()})
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"prunable": "("}, "`prunable` must hold regular expressions"),
        ({"exclude": 3}, "`exclude` must hold regular expressions"),
        ({"recipe": "l1_filters", "score": "l3"}, "`score` must be one of"),
        ({"recipe": "slimming", "penalty": float("inf")}, "`penalty` must be a finite number"),
    ],
)
def test_what_only_a_training_would_have_shown_is_told_at_once(settings, said):
    given = {n: v for n, v in GIVEN.items() if n != "sparsity"}
    with pytest.raises(ValueError, match=said):
        Spec(**given, **settings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"recipe": "gradual", "end_step": 100}, "`end_step` must lie between"),
        ({"recipe": "early_bird", "every": 100}, "`every` must be at most `num_steps`"),
        ({"recipe": "snip", "granularity": "2:4"}, "the final sparsity must be 0.5"),
        ({"recipe": "zhou_supermask", "granularity": "2:4"}, "the final sparsity must be 0.5"),
    ],
)
def test_what_does_not_fit_the_training_is_told_before_it(settings, said):
    recipe = Spec(model="m:f", data="digits", **settings).recipe
    with pytest.raises(ValueError, match=said):
        recipe.resolved(Task(Training(20), 100))
