"""A small GPT over the bytes of Python's standard library, and how well it predicts them."""

from __future__ import annotations

import math
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

CONTEXT, WIDTH, BLOCKS, HEADS = 128, 128, 4, 4
BATCH_SIZE, NUM_STEPS = 16, 2_500
#: Every so manyth file is validated or tested with.
_EVERY = 20


def corpus() -> dict[str, np.ndarray]:
    """The sources of the standard library of this Python as bytes, divided by files."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    left_out = {"site-packages", "test", "tests", "idlelib", "lib2to3", "__pycache__"}
    files = sorted(
        f for f in folder.rglob("*.py") if not left_out & set(f.relative_to(folder).parts)
    )
    parts: dict[str, list[bytes]] = {"train": [], "validation": [], "test": []}
    for number, file in enumerate(files):
        where = {0: "validation", 1: "test"}.get(number % _EVERY, "train")
        parts[where].append(file.read_bytes())
    return {name: np.frombuffer(b"".join(p), np.uint8) for name, p in parts.items()}


def gpt(keras: Any, seed: int) -> Any:
    """Four pre-norm blocks of causal attention and two dense layers, untied logits."""
    layers = keras.layers
    keras.utils.set_random_seed(seed)
    inputs = layers.Input((CONTEXT,), dtype="int32", name="bytes")
    positions = keras.ops.arange(CONTEXT)
    x = layers.Embedding(256, WIDTH, name="embedding")(inputs)
    x = x + layers.Embedding(CONTEXT, WIDTH, name="position")(positions)
    for number in range(BLOCKS):
        normed = layers.LayerNormalization(name=f"block_{number}_norm_1")(x)
        attention = layers.MultiHeadAttention(
            HEADS, WIDTH // HEADS, name=f"block_{number}_attention"
        )
        x = x + attention(normed, normed, use_causal_mask=True)
        normed = layers.LayerNormalization(name=f"block_{number}_norm_2")(x)
        wide = layers.Dense(4 * WIDTH, activation="gelu", name=f"block_{number}_up")(normed)
        x = x + layers.Dense(WIDTH, name=f"block_{number}_down")(wide)
    x = layers.LayerNormalization(name="norm")(x)
    return keras.Model(inputs, layers.Dense(256, name="logits")(x))


def windows(text: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Windows of one byte more than the context, from random places."""
    starts = np.random.default_rng(seed).integers(0, len(text) - CONTEXT - 1, count)
    return text[starts[:, None] + np.arange(CONTEXT + 1)].astype(np.int32)


def train(keras: Any, text: np.ndarray, seed: int) -> Any:
    """Trains with Adam, the rate rising and falling again; returns the network."""
    model = gpt(keras, seed)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, NUM_STEPS - 200, warmup_target=2e-3, warmup_steps=200
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss)
    chosen = windows(text, NUM_STEPS * BATCH_SIZE, seed)
    model.fit(chosen[:, :-1], chosen[:, 1:], batch_size=BATCH_SIZE, shuffle=False, verbose=0)
    return model


def batches(text: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
    """Inputs to calibrate with."""
    return np.split(windows(text, count, seed)[:, :-1], count // BATCH_SIZE)


def perplexity(model: Any, text: np.ndarray) -> float:
    """The perplexity of a byte, of windows that lie side by side."""
    count = (len(text) - 1) // CONTEXT
    losses = [
        _loss(model, rows) for rows in _in_turn(text[: count * CONTEXT + 1].astype(np.int32), count)
    ]
    return math.exp(sum(total for total, _ in losses) / sum(num for _, num in losses))


def _in_turn(text: np.ndarray, count: int) -> Iterator[np.ndarray]:
    rows = np.stack([text[i * CONTEXT : (i + 1) * CONTEXT + 1] for i in range(count)])
    yield from np.array_split(rows, max(count // 64, 1))


def _loss(model: Any, rows: np.ndarray) -> tuple[float, int]:
    import tensorflow as tf

    logits = model(rows[:, :-1], training=False)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(rows[:, 1:], logits)
    return float(tf.reduce_sum(losses)), int(tf.size(losses))
