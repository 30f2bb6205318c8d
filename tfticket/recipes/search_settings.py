"""Settings that every recipe takes besides its own: training, replicates, comparison."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, field_validator

from tfticket.settings import Count, Natural, Settings, as_list, each_once

__all__ = ["SearchSettings"]


class SearchSettings(Settings):
    """How long networks are trained, how often, and what the ticket is compared with."""

    num_steps: Count | None = None
    """Optimizer updates of one training; left out, the network's, else ten epochs' worth."""
    batch_size: Count | None = None
    """Examples per update; left out, the network's, else 64."""
    eval_every: Count | None = None
    """Steps between validations, for early-stop steps; left out, none."""
    seed: Natural = 0
    """Seed of everything random; replicate k has seed + k."""
    replicates: Count = 1
    """How often, each with another seed."""
    controls: Annotated[
        tuple[str, ...] | None, BeforeValidator(as_list), AfterValidator(each_once)
    ] = None
    """What the ticket is compared with, each trained as it is: reinitialize,
    reinitialize_from_kept, random_sparse, reshuffle, shuffle_mask, or none; left out, the
    recipe's usual ones."""
    control_levels: Annotated[
        tuple[Count, ...], BeforeValidator(as_list), AfterValidator(each_once)
    ] = ()
    """Levels at which to compare; left out, the last."""

    @field_validator("controls")
    @classmethod
    def _known(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        from tfticket.controls import CONTROLS

        known = [name for name in CONTROLS if name != "dense"]  # that is level 0
        unknown = [name for name in value or () if name not in known]
        if unknown:
            raise ValueError(f"`controls` must be out of {known}, or none. Received: {unknown}")
        return value
