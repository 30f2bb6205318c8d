"""A recipe is told once: Python, command line, files, README and docs take it from its class."""

from __future__ import annotations

import importlib.util
import inspect
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tfticket import recipes
from tfticket.cli.app import app
from tfticket.experiments.reading import read_spec
from tfticket.experiments.schema import json_schema
from tfticket.experiments.spec import PANELS, ExperimentSettings, Spec
from tfticket.recipes import RECIPES, Recipe, as_function
from tfticket.recipes._page import page, table
from tfticket.settings import Settings, described

TOY = '''
from __future__ import annotations

import dataclasses
from typing import ClassVar

from tfticket.recipes import Paper, WeightRecipe
from tfticket.settings import Fraction


class Toy(WeightRecipe):
    """Mask the first weights of each layer, and train."""

    paper: ClassVar[Paper] = Paper("Nobody 2031", "https://example.org/toy")
    usual_controls: ClassVar[tuple[str, ...]] = ()

    toy_sparsity: Fraction = 0.25
    """Fraction of each layer masked out."""

    def treat(self, run, level):
        from tfticket.lottery import train_ticket
        from tfticket.masks import Masks
        from tfticket.tickets import Ticket

        masks = {p: m.copy() for p, m in level.masks.items()}
        for mask in masks.values():
            mask.reshape(-1)[: round(self.toy_sparsity * mask.size)] = False
        start = level.states[0].weights
        ticket = Ticket(Masks(masks), start, run.provenance(1))
        trained = train_ticket(run.model, run.train, ticket, evaluate=run.evaluate)
        return dataclasses.replace(trained, states=level.states)
'''


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """The path of the only file that a recipe of one's own needs, and its class."""
    path = tmp_path_factory.mktemp("own") / "toy.py"
    path.write_text(TOY)
    return path, recipes.find(f"{path}:Toy")


def invoke(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_a_recipe_of_ones_own_is_a_function(toy):
    function = as_function("toy", toy[1])
    parameter = inspect.signature(function).parameters["toy_sparsity"]
    assert parameter.default == 0.25
    assert "toy_sparsity: Fraction of each layer masked out. Defaults to 0.25." in function.__doc__


def test_it_is_a_command(toy):
    done = invoke("find", f"{toy[0]}:Toy", "--help")
    assert done.exit_code == 0
    for said in ("--toy-sparsity", "Mask the first weights", "Nobody 2031", "--replicates"):
        assert said in done.output
    assert "--penalty" not in done.output


def test_it_runs_from_a_file_and_goes_on_there(toy, tmp_path):
    config, out = tmp_path / "toy.yaml", tmp_path / "run"
    config.write_text(
        f"recipe: {toy[0]}:Toy\nmodel: lenet_300_100\ndata: digits\ntoy_sparsity: 0.5\n"
        "num_steps: 2\nexport: none\n"
    )
    spec = read_spec(config)
    assert (spec.recipe.toy_sparsity, spec.common.num_steps) == (0.5, 2)
    done = invoke("find", config, "--out", out, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["chosen"]["sparsity"] == 0.5
    again = invoke("find", config, "--out", out, "--json")
    assert again.stdout == done.stdout


def test_it_is_in_the_tables(toy):
    both = {**RECIPES, "toy": toy[1]}
    assert "| `toy` | [Nobody 2031](https://example.org/toy) | Mask the first" in table(both)
    assert "| `toy_sparsity` | `0.25` | Fraction of each layer masked out. |" in page(both, {})


def test_what_is_made_from_the_recipes_is_up_to_date(root):
    spec = importlib.util.spec_from_file_location("write", root / "docs" / "write.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.written()
    schema = next(path for path in found if path.suffix == ".json")
    kept, now = json.loads(schema.read_text(encoding="utf-8")), json.loads(found.pop(schema))
    stale = [p.name for p, t in found.items() if p.read_text(encoding="utf-8") != t]
    assert stale == [], "run: python docs/write.py"
    # How a range is written differs between versions of pydantic; what may be set does not.
    assert settings_in(kept) == settings_in(now), "run: python docs/write.py"


def settings_in(schema):
    return {
        form["title"]: {n: (p["description"], p.get("default")) for n, p in listed(form)}
        for form in schema["oneOf"]
    }


def listed(form):
    return [(n, p) for n, p in form["properties"].items() if n != "recipe"]


@pytest.mark.parametrize("name", RECIPES)
def test_every_setting_is_documented_and_has_one_name(name):
    recipe = RECIPES[name]
    silent = [n for n in recipe.model_fields if not described(recipe, n)]
    assert silent == []
    assert not set(recipe.model_fields) & set(ExperimentSettings.model_fields)
    assert recipe.paper.link.startswith("https://")
    assert set(inspect.signature(getattr(recipes, name)).parameters) >= set(recipe.model_fields)


@pytest.fixture(scope="module")
def validators(root):
    """Of the schema that is kept and of the one that is made, each found to be one."""
    jsonschema = pytest.importorskip("jsonschema")  # comes with what runs notebooks
    written = (root / "docs" / "experiment.schema.json").read_text(encoding="utf-8")
    made = [jsonschema.Draft202012Validator(s) for s in (json.loads(written), json_schema())]
    for validator in made:
        validator.check_schema(validator.schema)
    return made


@pytest.mark.parametrize("name", RECIPES)
def test_files_validate_against_the_schema(name, validators):
    needed = {
        "scratch_e": {"sparsity": 0.5},
        "scratch_b": {"channel_sparsity": 0.5},
        "factorize": {"parameters": 0.5},
    }
    spec = Spec(recipe=name, model="m:f", data="digits", **needed.get(name, {})).to_dict()
    for validator in validators:
        assert validator.is_valid(spec)
        assert not validator.is_valid({**spec, "no_such": 1})


def test_common_settings_are_documented_and_each_has_its_place():
    silent = [n for n in ExperimentSettings.model_fields if not described(ExperimentSettings, n)]
    assert silent == []
    listed = [name for names in PANELS.values() for name in names]
    assert sorted(listed) == sorted(ExperimentSettings.model_fields)


def test_nothing_inherits_from_a_concrete_recipe():
    concrete = set(RECIPES.values())
    parents = {p for recipe in concrete for p in recipe.__mro__[1:]}
    assert not parents & concrete
    assert all(issubclass(p, (Settings, object)) for p in parents) and Recipe in parents


def test_experiments_know_no_recipe_by_name(package):
    known = [
        (s.name, name)
        for s in package
        if s.name.startswith("tfticket/experiments/")
        and not s.name.endswith(("demo.py", "spec.py"))
        for name in RECIPES
        if f'"{name}"' in s.text
    ]
    assert known == []


def test_listing_recipes_imports_neither_tensorflow_nor_keras():
    code = (
        "import sys, tfticket.recipes, tfticket.experiments.spec, tfticket.experiments.schema\n"
        "assert not {'tensorflow', 'keras', 'tf_keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("missing", ["paper", "treat"])
def test_a_recipe_that_says_too_little_is_refused_before_anything_is_trained(missing, tmp_path):
    path = tmp_path / "half.py"
    path.write_text(TOY.replace(missing, f"{missing}_of_another_name"))
    done = invoke("find", f"{path}:Toy", "--help")
    assert done.exit_code == 2
    assert "`paper`" in done.output and "`treat`" in done.output


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one():
    assert "lottery_ticket?" in invoke("find", "lotery_ticket").output
