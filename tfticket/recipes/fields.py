"""Settings that several recipes have: what each means and which values it takes, said once.

Names of scores, scopes and the like are looked up when a recipe is made, so a wrong one is told at
once; listing recipes and their settings imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainSerializer, ValidationInfo

from tfticket import references
from tfticket.filters import Filter
from tfticket.settings import Count, Fraction, NonNegative, Positive, Step

__all__ = [
    "Action",
    "ChannelScope",
    "ChannelScore",
    "ChannelSparsity",
    "ExamplesPerClass",
    "Exclude",
    "Factorizable",
    "FineTuneSteps",
    "Granularity",
    "InitialScore",
    "Initializer",
    "Kinds",
    "MaxChannelSparsity",
    "Penalty",
    "Prunable",
    "RoundTo",
    "Scope",
    "Score",
    "ScoresLearningRate",
    "ScoresWeightDecay",
    "Sparsity",
    "Widths",
    "named",
    "plain",
]


def plain(value: Any) -> Any:
    """Returns a choice as plain JSON values.

    Args:
        value: a name, numbers, a list or mapping of such, or an object with a configuration.
    """
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (str, int, float)):
        return value
    for name in ("config", "get_config"):
        if hasattr(value, name):
            return plain(getattr(value, name)())
    return repr(value)


def named(value: Any) -> Any:
    """Returns a function as `module:name`, and anything else as plain JSON values.

    Args:
        value: what a setting holds that may be a function.
    """
    return f"{value.__module__}:{value.__qualname__}" if callable(value) else plain(value)


def _known_to(lookup: str) -> AfterValidator:
    """Looks a choice up when it is given, by a function written as `module:function`."""

    def check(value: Any) -> Any:
        references.resolve(f"tfticket.{lookup}")(value)
        return value

    return AfterValidator(check)


def _patterns(value: Any, info: ValidationInfo) -> Any:
    try:
        Filter.of(value)
    except (TypeError, ValueError) as error:
        name = info.field_name or "prunable"
        text = str(error).replace("`include`", f"`{name}`").replace("include=", f"{name}=")
        raise ValueError(text) from None
    return value


def _channel_score(value: Any) -> Any:
    """Channels have scores of their own besides those of weights."""
    from tfticket import registry, scores
    from tfticket.slimming.channel_scores import CHANNEL_SCORES

    if isinstance(value, str):
        registry.member(value, dict.fromkeys([*CHANNEL_SCORES, *scores.SCORES]), "score")
    elif value is None:
        raise ValueError(f"`score` must be a name or a score. Received: score={value}")
    return value


def _initializer(value: Any) -> Any:
    """Looks a name up among ours and Keras' own; the word none is nothing."""
    if value == "none":
        return None
    from tfticket import _keras
    from tfticket.supermasks import initializers

    if isinstance(initializers.get(value), str):
        try:
            _keras.installed()[0].initializers.get(value)
        except ValueError as error:
            raise ValueError(
                "`initializer` must be kaiming_normal, kaiming_uniform, signed_kaiming_constant,"
                f" kaiming_constant, one that Keras knows, or none. Received: {value!r}"
            ) from error
    return value


_PLAIN = PlainSerializer(plain)
_PATTERNS = AfterValidator(_patterns)

Sparsity = Annotated[
    Fraction,
    Field(description="Fraction of the prunable weights masked out at the end, met exactly."),
]
Scope = Annotated[
    Any,
    _known_to("selection:get_scope"),
    _PLAIN,
    Field(
        description="Where weights are ranked: global, layer, output for the inputs of each output,"
        " uniform, erk, smart_ratio, or in Python another `Scope`."
    ),
]
Granularity = Annotated[
    Any,
    _known_to("selection:get_granularity"),
    _PLAIN,
    Field(
        description="Unit that is masked together: weight, channel, a block of inputs x outputs"
        " such as 4x1, 2:4 for two of every four inputs, or in Python another `Granularity`."
    ),
]
Score = Annotated[
    Any,
    _known_to("scores:get"),
    _PLAIN,
    Field(
        description="What each weight is worth, larger = keep: one of `tfticket.scores.SCORES`, or"
        " in Python another `Score`."
    ),
]
Action = Annotated[
    Any,
    _known_to("actions:get"),
    _PLAIN,
    Field(
        description="What becomes of the kept weights: rewind, signed_constant, reinitialize or"
        " another of `tfticket.actions`."
    ),
]
Prunable = Annotated[
    Any,
    _PATTERNS,
    _PLAIN,
    Field(
        description="Which weights may be masked: a regular expression of their paths, several of"
        " them, or in Python a callable or a `Filter`; left out, every kernel.",
        json_schema_extra={"repeated": True},
    ),
]
Kinds = Annotated[
    tuple[Literal["kernel", "embedding", "normalization", "bias", "other"], ...] | None,
    Field(
        description="Which kinds of weights may be masked: kernel, embedding, normalization, bias,"
        " other, as matrices of a layer of one's own are; left out, kernels alone."
    ),
]
Exclude = Annotated[
    Any,
    _PATTERNS,
    _PLAIN,
    Field(
        description="Which weights to leave alone, written as `prunable` is; wins over it.",
        json_schema_extra={"repeated": True},
    ),
]
Factorizable = Annotated[
    Any,
    _PATTERNS,
    _PLAIN,
    Field(
        description="Which kernels to factorise, by their weight paths, written as `prunable` is;"
        " left out, every one that gets smaller.",
        json_schema_extra={"repeated": True},
    ),
]
ExamplesPerClass = Annotated[
    Count,
    Field(
        description="Examples of each class in the batch that SNIP, GraSP and other scores look"
        " at; for regression, a tenth of all."
    ),
]

ChannelSparsity = Annotated[
    Fraction, Field(description="Fraction of the removable channels that go.")
]
ChannelScope = Annotated[
    Literal["global", "layer"],
    Field(description="Where channels are ranked: global, or layer for each group by itself."),
]
ChannelScore = Annotated[
    Any,
    AfterValidator(_channel_score),
    _PLAIN,
    Field(
        description="What a channel is worth: scale, l1, l2, taylor, random, a name of"
        " `tfticket.scores.SCORES`, or in Python another score."
    ),
]
RoundTo = Annotated[
    Count,
    Field(description="Channels of each layer are kept in multiples of this; hardware likes 8."),
]
MaxChannelSparsity = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="Largest fraction of a group of channels that may go; one stays at any rate.",
    ),
]
FineTuneSteps = Annotated[
    Step | None,
    Field(description="Steps of training the smaller network; left out, as many as the dense one."),
]
Penalty = Annotated[
    NonNegative,
    Field(
        description="L1 penalty on the scales of BatchNormalization while training; 0 is none."
        " Published are 1e-4 for VGG and 1e-5 for residual networks, over 160 epochs."
    ),
]
Widths = Annotated[
    Literal["predefined", "discovered"],
    Field(
        description="Who says how many channels stay: predefined is the same fraction of every"
        " group, discovered is by slimming, whose training is counted too."
    ),
]

Initializer = Annotated[
    Any,
    AfterValidator(_initializer),
    _PLAIN,
    Field(
        description="Draws the weights that are not trained: kaiming_normal, kaiming_uniform,"
        " signed_kaiming_constant, kaiming_constant, in Python one of `supermasks.initializers`,"
        " or none for the network's own."
    ),
]
InitialScore = Annotated[
    float, Field(allow_inf_nan=False, description="Score of every weight or layer at the start.")
]
ScoresLearningRate = Annotated[
    Positive,
    Field(description="Learning rate of the scores at the start; it falls to 0 as a cosine."),
]
ScoresWeightDecay = Annotated[NonNegative, Field(description="Weight decay of the scores.")]
