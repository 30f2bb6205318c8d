"""Settings that every recipe takes besides its own: training, replicates, comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, field_validator

from tfticket import references
from tfticket.recipes.fields import named
from tfticket.settings import Count, Natural, NonNegative, Settings, as_list, each_once

if TYPE_CHECKING:
    from tfticket.zoo.training import Training

__all__ = ["SearchSettings"]


def _by_number(value: Any) -> Any:
    """Reads classes that a file or a flag has written as text."""
    if not isinstance(value, Mapping):
        return value
    return {int(c) if isinstance(c, str) and c.isdigit() else c: w for c, w in value.items()}


def _gives_callbacks(value: Any) -> Any:
    found = references.resolve(value) if isinstance(value, str) else value
    if value is not None and not callable(found):
        raise ValueError(
            "`callbacks` must be a function that returns callbacks, so that each training has its"
            f" own. Received: callbacks={value!r}"
        )
    return value


class SearchSettings(Settings):
    """How long networks are trained, how often, and what the ticket is compared with."""

    num_steps: Count | None = None
    """Optimizer updates of one training; left out, the network's, else ten epochs' worth."""
    batch_size: Count | None = None
    """Examples per update; left out, the network's, else 64, or what a pipeline gives."""
    eval_every: Count | None = None
    """Steps between validations, for early-stop steps and callbacks; left out, none."""
    class_weight: Annotated[Mapping[Natural, NonNegative] | None, BeforeValidator(_by_number)] = (
        None
    )
    """Weight of each class in the loss, from class 0 on; left out, all count the same."""
    callbacks: Annotated[Any, AfterValidator(_gives_callbacks), PlainSerializer(named)] = None
    """Function that returns callbacks for a training, such as EarlyStopping or ReduceLROnPlateau:
    module:function or file.py:function, in Python the function itself. It is called before each
    training, with the Keras if it has a parameter `keras`; an epoch is `eval_every` steps."""
    seed: Natural = 0
    """Seed of everything random; replicate k has seed + k."""
    replicates: Count = 1
    """How often, each with another seed."""
    controls: Annotated[
        tuple[str, ...] | None, BeforeValidator(as_list), AfterValidator(each_once)
    ] = None
    """What the ticket is compared with, each trained as it is: reinitialize,
    reinitialize_from_kept, random_sparse, reshuffle, shuffle_mask, module:function or
    file.py:function of your own, or none; left out, the recipe's usual ones."""
    control_levels: Annotated[
        tuple[Count, ...], BeforeValidator(as_list), AfterValidator(each_once)
    ] = ()
    """Levels at which to compare; left out, the last."""

    def training(self, num_steps: int, batch_size: int) -> Training:
        """Returns the training that the settings are.

        Args:
            num_steps: where the settings leave it open.
            batch_size: where the settings leave it open.
        """
        from tfticket.zoo.training import Training

        given = self.callbacks
        return Training(
            num_steps=self.num_steps or num_steps,
            batch_size=self.batch_size or batch_size,
            seed=self.seed,
            eval_every=self.eval_every,
            class_weight=self.class_weight,
            callbacks=references.resolve(given) if isinstance(given, str) else given,
        )

    @field_validator("controls")
    @classmethod
    def _known(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        from tfticket.controls import CONTROLS, require_control

        known = [name for name in CONTROLS if name != "dense"]  # that is level 0
        unknown = [name for name in value or () if name not in known and ":" not in name]
        if unknown:
            raise ValueError(f"`controls` must be out of {known}, or none. Received: {unknown}")
        for name in value or ():
            require_control(name)
        return value
