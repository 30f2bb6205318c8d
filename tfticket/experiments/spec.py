"""What an experiment is: every setting in one validated object, named by a digest."""

from __future__ import annotations

import hashlib
import inspect
import json
from typing import Annotated, Any, Literal

from tfticket.clock import steps
from tfticket.errors import MissingDependencyError
from tfticket.experiments import complaints

try:
    from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
except ImportError as error:
    raise MissingDependencyError("pydantic", "config", "to describe experiments") from error

__all__ = ["Spec"]

Recipe = Literal[
    "lottery_ticket",
    "late_rewinding",
    "learning_rate_rewinding",
    "fine_tuning",
    "gradual",
    "synflow",
    "snip",
    "grasp",
    "magnitude_at_init",
    "random_at_init",
    "slimming",
    "early_bird",
    "l1_filters",
    "scratch_e",
    "scratch_b",
    "zhou_supermask",
    "edge_popup",
    "bernoulli_supermask",
]
Initializer = Literal[
    "kaiming_normal", "kaiming_uniform", "signed_kaiming_constant", "kaiming_constant"
]
Control = Literal[
    "reinitialize",
    "reinitialize_from_kept",
    "random_sparse",
    "reshuffle",
    "shuffle_mask",
]
Target = Literal["keras", "savedmodel", "tflite", "onnx", "seeds"]

Count = Annotated[int, Field(ge=1, strict=True)]
Natural = Annotated[int, Field(ge=0, strict=True)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Step = Annotated[int, Field(strict=True)] | str


class Spec(BaseModel):
    """All settings of an experiment; what is `None` is decided by the recipe or the model.

    >>> spec = Spec(model="lenet_300_100", data="digits", sparsity=0.9, num_steps=100)
    >>> spec.recipe, spec.replicates, spec.changed()
    ('lottery_ticket', 1, {'model': 'lenet_300_100', 'data': 'digits', 'sparsity': 0.9, ...})

    Raises:
        ValueError: naming every setting that is unknown, out of range or at odds with another.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    model: str = Field(
        min_length=1,
        description="network: a name of the zoo, module:function, file.py:function, a .keras file",
    )
    data: str = Field(
        min_length=1, description="data: digits, mnist, cifar10, …, tfds:NAME or module:function"
    )
    recipe: Recipe = Field("lottery_ticket", description="published method")
    keras: Literal["keras", "tf_keras"] = Field("keras", description="which Keras")

    sparsity: Fraction | None = Field(
        None, description="fraction of the prunable weights masked out at the end"
    )
    channel_sparsity: Fraction | None = Field(
        None, description="structured: fraction of the removable channels that go"
    )
    round_to: Count = Field(
        1, description="structured: channels of each group are kept in multiples of this"
    )
    fine_tune_steps: Step | None = Field(
        None, description="structured: steps of fine-tuning; left out, num_steps"
    )
    penalty: Annotated[float, Field(ge=0)] = Field(
        1e-4, description="slimming: strength of the penalty on normalisation scales"
    )
    widths: Literal["predefined", "discovered"] = Field(
        "predefined", description="scratch: who says how many channels stay; discovered by slimming"
    )
    pruning_rate: Fraction | None = Field(
        None,
        description="fraction of the surviving weights removed in a round;"
        " left out, what is published for the network, else 0.2",
    )
    output_pruning_rate: Fraction | None = Field(
        None, description="the same for the output layer, where scope is layer"
    )
    rounds: Count | None = Field(None, description="number of prunings; left out, from sparsity")
    scope: Literal["global", "layer", "uniform", "erk", "smart_ratio"] | None = Field(
        None, description="where weights are ranked; left out, the recipe's"
    )
    granularity: str = Field(
        "weight",
        description="unit that is masked together: weight, channel, a block of inputs x outputs"
        " such as 4x1, or 2:4 for two of every four inputs",
    )
    score: str | None = Field(
        None, description="what each weight is worth, larger = keep; left out, the recipe's"
    )
    examples_per_class: Count = Field(10, description="in the batch that SNIP and GraSP look at")
    initializer: Initializer | None = Field(
        None,
        description="supermasks: draws the weights that are not trained;"
        " left out, signed_kaiming_constant",
    )
    scores_learning_rate: Positive | None = Field(
        None, description="supermasks: of the scores at the start; left out, the recipe's"
    )
    include: tuple[str, ...] = Field((), description="regular expression of weights to prune")
    exclude: tuple[str, ...] = Field((), description="regular expression of weights to leave alone")
    rewind_to: Step | None = Field(
        None, description="step to go back to: 0, 500it, 2ep; left out, the recipe's"
    )
    begin_step: Step | None = Field(None, description="gradual: first step to prune at; else 0")
    end_step: Step | None = Field(
        None, description="gradual: last step to prune at; left out, three quarters of num_steps"
    )
    frequency: Count | None = Field(
        None, description="gradual: steps between prunings; left out, a hundredth of num_steps"
    )

    num_steps: Count | None = Field(
        None, description="optimizer updates of one training; left out, the network's"
    )
    batch_size: Count | None = Field(
        None, description="examples per update; left out, the network's"
    )
    optimizer: str | None = Field(
        None, description="class name, such as SGD; left out, the network's"
    )
    learning_rate: Positive | None = Field(
        None, description="of the optimizer; left out, the network's"
    )
    steps_per_execution: Count | None = Field(
        None, description="updates inside one call; left out, the largest that fits, up to 50"
    )
    jit_compile: bool = Field(False, description="whether XLA compiles the update")
    eval_every: Count | None = Field(
        None, description="steps between validations, for early-stop steps; left out, none"
    )

    seed: Natural = Field(0, description="of everything random; replicate k has seed + k")
    replicates: Count = Field(1, description="how often, each with another seed")
    validation_size: Annotated[int, Field(ge=1, strict=True)] | Fraction | None = Field(
        None, description="a count, or a fraction of train; left out, the data's usual"
    )
    controls: tuple[Control, ...] = Field(
        ("reinitialize", "random_sparse"), description="what the ticket is compared with"
    )
    control_levels: tuple[Count, ...] = Field(
        (), description="levels at which to compare; left out, the last"
    )
    export: tuple[Target, ...] = Field(
        ("keras", "savedmodel", "tflite"), description="files to write at the end"
    )
    tflite_sparse: Literal["auto", "none", "storage", "compute"] = Field(
        "auto", description="how zeros are stored in the TFLite file"
    )

    def __init__(self, **settings: Any):
        try:
            super().__init__(**settings)
        except ValidationError as error:
            raise ValueError(complaints.text(error, type(self).model_fields)) from None

    @model_validator(mode="after")
    def _agree(self) -> Spec:
        for name in ("rewind_to", "begin_step", "end_step", "fine_tune_steps"):
            if getattr(self, name) is not None:
                steps(getattr(self, name), steps_per_epoch=1, name=name)
        complaints.refuse_repeated({n: getattr(self, n) for n in _DISTINCT})
        complaints.refuse_given(self.recipe, self.changed(), _USELESS.get(self.recipe, ()))
        if self.recipe not in _SUPERMASKS:
            complaints.refuse_given(self.recipe, self.changed(), _SUPERMASK_FIELDS)
        if self.recipe not in complaints.STRUCTURED:
            complaints.refuse_given(self.recipe, self.changed(), _STRUCTURED_FIELDS)
        if self.recipe != "gradual":
            complaints.refuse_given(self.recipe, self.changed(), _CLOCK_FIELDS)
        complaints.require_one_target(self)
        return self

    def changed(self) -> dict[str, Any]:
        """Returns the settings that are not at their defaults, as plain JSON values."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def to_dict(self) -> dict[str, Any]:
        """Returns every setting as plain JSON values."""
        return self.model_dump(mode="json")

    @property
    def digest(self) -> str:
        """SHA-256 over all settings: equal exactly if they are."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def differences(self, other: Spec) -> dict[str, tuple[Any, Any]]:
        """Returns `{setting: (its value here, its value there)}` where the two differ."""
        here, there = self.to_dict(), other.to_dict()
        return {name: (here[name], there[name]) for name in here if here[name] != there[name]}


Spec.__doc__ = "\n".join(
    [
        inspect.cleandoc(Spec.__doc__ or ""),
        "\nArgs:",
        *(f"    {name}: {field.description}." for name, field in Spec.model_fields.items()),
    ]
)
_DISTINCT = ("controls", "control_levels", "export")
_RATE_FIELDS = ("pruning_rate", "output_pruning_rate", "rewind_to")
_CLOCK_FIELDS = ("begin_step", "end_step", "frequency")
_SUPERMASK_FIELDS = ("initializer", "scores_learning_rate")
_STRUCTURED_FIELDS = ("channel_sparsity", "round_to", "fine_tune_steps", "penalty", "widths")
_SUPERMASKS = ("edge_popup", "bernoulli_supermask")
_NOT_RANKED = ("score", "granularity", "rounds", "include", "exclude", *_RATE_FIELDS)
_AT_INIT = ("synflow", "snip", "grasp", "magnitude_at_init", "random_at_init")
#: Settings that a recipe has no use for.
_USELESS = {
    "gradual": ("rounds", *_RATE_FIELDS),
    "fine_tuning": ("rewind_to",),
    "zhou_supermask": ("rounds", *_RATE_FIELDS),
    "edge_popup": _NOT_RANKED,
    "bernoulli_supermask": ("sparsity", "scope", *_NOT_RANKED),
    "slimming": ("sparsity", "widths", *_NOT_RANKED),
    "early_bird": ("sparsity", "widths", "fine_tune_steps", *_NOT_RANKED),
    "l1_filters": ("sparsity", "widths", "penalty", *_NOT_RANKED),
    "scratch_e": ("fine_tune_steps", "scope", *_NOT_RANKED),
    "scratch_b": ("fine_tune_steps", "scope", *_NOT_RANKED),
    **dict.fromkeys(_AT_INIT, ("score", *_RATE_FIELDS)),
}
