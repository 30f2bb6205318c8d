"""What an experiment is: one recipe's settings and the common ones, named by a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from tfticket.recipes import Recipe, find
from tfticket.recipes.catalogue import SETTINGS
from tfticket.recipes.search_settings import SearchSettings
from tfticket.settings import Count, Fraction, Positive, as_list, each_once, sorted_out

__all__ = ["GROWING", "PANELS", "USUAL_RECIPE", "ExperimentSettings", "Spec"]

#: The recipe of a spec that names none.
USUAL_RECIPE = "lottery_ticket"

#: Settings of which a run that has begun may be asked for more.
GROWING = ("replicates", "controls", "control_levels", "export")

Target = Literal["keras", "savedmodel", "tflite", "onnx", "seeds"]


class ExperimentSettings(SearchSettings):
    """What every experiment says besides its recipe: network, data, training, comparison, files."""

    model: Annotated[str, Field(min_length=1)]
    """Network: a name of the zoo, module:function, file.py:function, or a .keras file."""
    data: Annotated[str, Field(min_length=1)]
    """Data: digits, mnist, cifar10, …, tfds:NAME, or module:function or file.py:function, which
    returns arrays or pipelines."""
    keras: Literal["keras", "tf_keras"] = "keras"
    """Which Keras."""
    optimizer: str | None = None
    """Class name, such as SGD; left out, the network's."""
    learning_rate: Positive | None = None
    """Learning rate of the optimizer; left out, the network's."""
    steps_per_execution: Count | None = None
    """Updates inside one call; left out, the largest that fits, up to 50."""
    jit_compile: bool = False
    """Whether XLA compiles the update."""
    distribution: Literal["mirrored", "multi_worker"] | None = None
    """How a training is spread over devices, which share every batch: mirrored, over all GPUs of
    this machine; multi_worker, over the machines that TF_CONFIG names, each of which runs the same
    command (tf_keras only); left out, one device."""
    validation_size: Annotated[int, Field(ge=1, strict=True)] | Fraction | None = None
    """Examples of train used for validation, a count or a fraction; left out, the data's usual."""
    export: Annotated[tuple[Target, ...], BeforeValidator(as_list), AfterValidator(each_once)] = (
        "keras",
        "savedmodel",
        "tflite",
    )
    """Files to write at the end, or none."""
    tflite_sparse: Literal["auto", "none", "storage", "compute"] = "auto"
    """How zeros are stored in the TFLite file."""


#: Where common settings stand in a help or a page, by heading.
PANELS: Mapping[str, tuple[str, ...]] = {
    "What": ("model", "data", "keras"),
    "Training": (
        *("num_steps", "batch_size", "optimizer", "learning_rate", "steps_per_execution"),
        *("jit_compile", "distribution", "eval_every", "seed", "replicates", "validation_size"),
        *("class_weight", "callbacks"),
    ),
    "Comparison and files": ("controls", "control_levels", "export", "tflite_sparse"),
}


class Spec:
    """Everything an experiment is, as settings by name: a recipe's own and the common ones.

    >>> spec = Spec(model="lenet_300_100", data="digits", sparsity=0.9, num_steps=100)
    >>> spec.recipe_name, spec.recipe.sparsity, spec.common.replicates
    ('lottery_ticket', 0.9, 1)
    >>> spec.changed()
    {'recipe': 'lottery_ticket', 'sparsity': 0.9, 'num_steps': 100, 'model': 'lenet_300_100', ...}

    Args:
        recipe: a name of `recipes.RECIPES`, or `module:Class` or `file.py:Class` of one's own.
        settings: of the recipe and of `ExperimentSettings`.

    Attributes:
        recipe_name: as it was given.
        recipe: with its settings.
        common: the other settings.

    Raises:
        ValueError: naming every setting that is unknown, out of range or at odds with another.
    """

    recipe_name: str
    recipe: Recipe
    common: ExperimentSettings

    def __init__(self, recipe: str = USUAL_RECIPE, **settings: Any):
        kinds = (find(recipe), ExperimentSettings)
        made = sorted_out(settings, kinds, f"the recipe {recipe!r}", SETTINGS)
        self.recipe_name, self.recipe, self.common = recipe, made[0], made[1]

    def changed(self) -> dict[str, Any]:
        """Returns the settings that are not at their defaults, as plain JSON values."""
        return {"recipe": self.recipe_name, **self.recipe.changed(), **self.common.changed()}

    def to_dict(self) -> dict[str, Any]:
        """Returns every setting as plain JSON values."""
        return {"recipe": self.recipe_name, **self.recipe.to_dict(), **self.common.to_dict()}

    @property
    def digest(self) -> str:
        """SHA-256 over all settings: equal exactly if they are."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Spec({', '.join(f'{n}={v!r}' for n, v in self.changed().items())})"
