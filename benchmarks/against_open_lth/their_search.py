"""open_lth's own `lottery` command, its code unmodified, under today's libraries, on one thread."""

from __future__ import annotations

import importlib
import sys
from typing import Any

__all__ = ["arguments", "search"]


def arguments(levels: int, batch: int) -> list[str]:
    """Returns what is typed after `open_lth.py` for so many prunings of LeNet-300-100.

    Args:
        levels: prunings; one network more is trained.
        batch: examples per step; two epochs are trained at each level.
    """
    options = {
        "default_hparams": "mnist_lenet_300_100",
        "batch_size": batch,
        "training_steps": "2ep",
        "optimizer_name": "adam",
        "lr": 0.0012,
        "pruning_fraction": 0.2,
        "levels": levels,
    }
    typed = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    return ["lottery", *typed, "--evaluate_only_at_end", "--quiet"]


def search(repository: str, typed: list[str]) -> None:
    """Does what `python open_lth.py ...` does, in this process.

    Two names are put where it looks for them: `np.product`, which NumPy 2 calls `np.prod`; and of
    PyTorch's `DistributedDataParallel` another class, for one that derives from it and is never
    used, since the original has abstract classes in another order by now.

    Args:
        repository: a clone.
        typed: what follows `open_lth.py`.
    """
    import numpy as np
    import torch

    torch.set_num_threads(1)
    names: list[tuple[Any, str, Any]] = [
        (np, "product", np.prod),
        (torch.nn.parallel, "DistributedDataParallel", torch.nn.DataParallel),
    ]
    for module, name, value in names:
        setattr(module, name, value)
    sys.path.insert(0, repository)
    sys.argv = ["open_lth.py", *typed]
    importlib.import_module("open_lth").main()
