"""How the networks of this folder are trained, before they are made smaller and after that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tf_keras
from networks import NETWORKS

from tfticket import zoo

__all__ = ["compiled", "stream", "trained"]

_BATCH = 64


def trained(name: str, data: Any, seed: int, out: Path) -> Any:
    """Trains a network, or takes its weights from the folder where an earlier call kept them.

    Args:
        name: of the network.
        data: what it is trained on.
        seed: of its weights and batches.
        out: the folder.

    Returns:
        The network, to be compiled for what follows.
    """
    make, _, num_steps, _ = NETWORKS[name]
    tf_keras.utils.set_random_seed(seed)
    model = make()
    path = out / f"{name}-{seed}.weights.h5"
    if path.exists():
        model.load_weights(path)
    else:
        compiled(model, tf_keras.optimizers.schedules.CosineDecay(2e-3, num_steps))
        model.fit(stream(data, num_steps, seed), verbose=0, shuffle=False)
        out.mkdir(parents=True, exist_ok=True)
        draft = out / f"draft-{path.name}"
        model.save_weights(draft)
        draft.replace(path)
    return model


def compiled(model: Any, rate: Any) -> None:
    """Compiles a classifier with Adam.

    Args:
        model: returns logits.
        rate: learning rate, or a schedule of it.
    """
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf_keras.optimizers.Adam(rate), loss)


def stream(data: Any, num_steps: int, seed: int) -> Any:
    """Returns batches of the training data.

    Args:
        data: of the zoo.
        num_steps: how many.
        seed: of their order.
    """
    return zoo.batches(data.train, batch_size=_BATCH, num_steps=num_steps, seed=seed)
