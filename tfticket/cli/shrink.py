"""`tfticket shrink`: a smaller network without the channels that do nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Json, answer
from tfticket.cli.failures import handle_errors
from tfticket.cli.overwriting import overwritable

__all__ = ["shrink"]


@handle_errors
@overwritable
def shrink(
    path: Annotated[
        Path,
        typer.Argument(
            exists=True, help="Run folder, or a .keras file whose zeros are masked weights."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The .keras file to write.")],
    channel_sparsity: Annotated[
        float | None,
        typer.Option(
            help="Fraction of the channels to remove besides, without training afterwards; left"
            " out, only what changes no output goes."
        ),
    ] = None,
    score: Annotated[
        str, typer.Option(help="What a channel is worth then: l1, l2, scale, magnitude, random.")
    ] = "l1",
    scope: Annotated[str, typer.Option(help="Where channels are ranked then.")] = "layer",
    round_to: Annotated[
        int, typer.Option(help="Channels of each group are kept in multiples of this then.")
    ] = 1,
    allow_inexact: Annotated[
        bool,
        typer.Option(
            "--allow-inexact",
            help="Remove constant channels also where padding makes a difference.",
        ),
    ] = False,
    norm_batches: Annotated[
        int,
        typer.Option(
            help="Take the statistics of batch normalisations anew over so many batches of the"
            " run's training examples.",
        ),
    ] = 0,
    json: Json = False,
) -> None:
    """Remove channels for good: a smaller dense network with the same outputs as the masked one."""
    from tfticket.experiments.shrinking import check_shrinking, shrink_saved

    check_shrinking(path, out, channel_sparsity=channel_sparsity, norm_batches=norm_batches)
    from tfticket.slimming import ChannelLimits

    found = shrink_saved(
        path,
        out,
        channel_sparsity=channel_sparsity,
        score=score,
        scope=scope,
        limits=ChannelLimits(round_to),
        allow_inexact=allow_inexact,
        norm_batches=norm_batches,
    )
    answer(found, as_json=json)
