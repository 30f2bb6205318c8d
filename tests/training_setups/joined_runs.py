"""One of two workers that train a run together; told to, worker 0 stops after the first level."""

from __future__ import annotations

import os
import sys

from tfticket.errors import TicketError
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec

SETTINGS = {
    "recipe": "late_rewinding",
    "rewind_to": 4,
    "pruning_rate": 0.5,
    "rounds": 1,
    "model": "lenet_300_100",
    "data": "digits",
    "keras": "tf_keras",
    "num_steps": 8,
    "eval_every": 4,
    "controls": ("reinitialize",),
    "export": (),
}


def main(out: str, how: str) -> None:
    def stop(event):
        if event.kind == "result":
            os._exit(9)

    try:
        spec = Spec(**SETTINGS, distribution="multi_worker")
        run(spec, out, on_event=stop if how == "stopped" else None)
    except TicketError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
