"""KerasHub's backbones pruned without training: which can be, and what it does to their outputs.

    pip install keras-hub
    python benchmarks/post_training/backbones.py

Small ones with random weights, half of every kernel pruned by magnitude, Wanda and SparseGPT, and
by SparseGPT two of every four; four batches of 32 random inputs calibrate, and a fifth tells the
error: the norm of what changes in all outputs, over their norm. Writes `backbones.json` beside this
file; what is there already is not measured again.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records

PATH = Path(__file__).parent / "backbones.json"
VOCABULARY, BATCH, LENGTH, WIDTH = 100, 32, 16, 32
_COMMON = {"vocabulary_size": VOCABULARY, "num_layers": 2, "intermediate_dim": 64}
_ABSOLUTE = {"num_heads": 2, "hidden_dim": WIDTH, "max_sequence_length": LENGTH}
_ROTARY = {"num_query_heads": 4, "num_key_value_heads": 2, "hidden_dim": WIDTH}
_HEADS = {"num_heads": 2, "hidden_dim": WIDTH}
#: Class, kind of inputs, settings.
BACKBONES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "BERT": ("BertBackbone", "segments", _ABSOLUTE),
    "RoBERTa": ("RobertaBackbone", "tokens", _ABSOLUTE),
    "DistilBERT": ("DistilBertBackbone", "tokens", _ABSOLUTE),
    "ALBERT": ("AlbertBackbone", "segments", {**_ABSOLUTE, "embedding_dim": 16}),
    "DeBERTa v3": ("DebertaV3Backbone", "tokens", _ABSOLUTE),
    "F-Net": (
        "FNetBackbone",
        "segments only",
        {"hidden_dim": WIDTH, "max_sequence_length": LENGTH},
    ),
    "GPT-2": ("GPT2Backbone", "tokens", _ABSOLUTE),
    "OPT": ("OPTBackbone", "tokens", _ABSOLUTE),
    "GPT-NeoX": ("GPTNeoXBackbone", "tokens", _HEADS),
    "BLOOM": ("BloomBackbone", "tokens", _HEADS),
    "Falcon": ("FalconBackbone", "tokens", {"num_attention_heads": 2, "hidden_dim": WIDTH}),
    "Llama": ("LlamaBackbone", "tokens", _ROTARY),
    "Mistral": ("MistralBackbone", "tokens", {**_ROTARY, "sliding_window": 8}),
    "Phi-3": ("Phi3Backbone", "tokens", _ROTARY),
    "Qwen": ("QwenBackbone", "tokens", _ROTARY),
    "Qwen 3": ("Qwen3Backbone", "tokens", {**_ROTARY, "head_dim": 8}),
    "Gemma": ("GemmaBackbone", "tokens", {**_ROTARY, "head_dim": 8}),
    "Gemma 3": (
        *("Gemma3Backbone", "tokens"),
        {**_ROTARY, "head_dim": 8, "image_size": None, "vision_encoder": None},
    ),
    "Mixtral": ("MixtralBackbone", "tokens", {**_ROTARY, "num_experts": 4, "top_k": 2}),
    "T5": ("T5Backbone", "two sequences", _HEADS),
    "BART": ("BartBackbone", "two sequences", _ABSOLUTE),
    "ViT": (
        *("ViTBackbone", "images"),
        {"patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": WIDTH, "mlp_dim": 64},
    ),
}
ARMS = {
    "magnitude": ("magnitude", "weight"),
    "wanda": ("wanda", "weight"),
    "sparsegpt": ("sparsegpt", "weight"),
    "sparsegpt, 2:4": ("sparsegpt", "2:4"),
}


def built(name: str) -> tuple[Any, Callable[[], Any]]:
    """A backbone with random weights, and what draws a batch of its inputs."""
    import keras
    import keras_hub

    kind, inputs, settings = BACKBONES[name]
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    if inputs == "images":
        model = getattr(keras_hub.models, kind)(image_shape=(32, 32, 3), **settings)
        return model, lambda: rng.standard_normal((BATCH, 32, 32, 3), dtype=np.float32)

    def draw() -> dict[str, np.ndarray]:
        tokens = rng.integers(1, VOCABULARY, (BATCH, LENGTH)).astype("int32")
        found = {"token_ids": tokens, "padding_mask": np.ones_like(tokens)}
        if inputs == "two sequences":
            sides = ("encoder", "decoder")
            return {f"{side}_{name}": array for side in sides for name, array in found.items()}
        if inputs.startswith("segments"):
            found["segment_ids"] = np.zeros_like(tokens)
        if inputs == "segments only":
            del found["padding_mask"]
        return found

    return getattr(keras_hub.models, kind)(**{**_COMMON, **settings}), draw


def outputs(model: Any, batch: Any) -> np.ndarray:
    found = model.predict_on_batch(batch)
    arrays = found.values() if isinstance(found, dict) else [found]
    return np.concatenate([np.ravel(np.asarray(a, np.float64)) for a in arrays])


def pruned(model: Any, batches: list[Any], method: str, granularity: str) -> Any:
    """A ticket of the model, half of whose kernels is gone."""
    from tfticket import post_training, pruning, schedules

    if method == "magnitude":
        return pruning.prune(model, schedule=schedules.OneShot(0.5), granularity=granularity)
    options = {"sparsity": 0.5, "granularity": granularity}
    return post_training.prune_after_training(model, batches, method, **options)


def row(name: str) -> dict[str, Any]:
    """What each method does to one backbone."""
    from tfticket import weights
    from tfticket.share import PrunableShareWarning

    model, draw = built(name)
    batches, batch = [draw() for _ in range(4)], draw()
    dense, before = outputs(model, batch), weights.read_all(model)
    prunable = sum(w.size for w in weights.read(model).values())
    found: dict[str, Any] = {"parameters": model.count_params(), "prunable": prunable}
    for arm, (method, granularity) in ARMS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PrunableShareWarning)
            ticket = pruned(model, batches, method, granularity)
        ticket.apply(model)
        error = np.linalg.norm(outputs(model, batch) - dense) / np.linalg.norm(dense)
        found[arm] = round(float(error), 4)
        weights.write(model, before)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--names", nargs="*", choices=list(BACKBONES), default=list(BACKBONES))
    args = parser.parse_args()
    for name in args.names:
        known = records.read(PATH, {})
        if name not in known:
            records.write(PATH, {**known, name: row(name)}, seeds=[0], data=[], resumes=True)
        print(name, records.read(PATH, {})[name], flush=True)


if __name__ == "__main__":
    main()
