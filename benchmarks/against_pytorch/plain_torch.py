"""SynFlow and SNIP in plain eager PyTorch, and the authors' own SynFlow as they call it."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import torch

POOLS_AFTER = {2, 4, 7, 10, 13}


def vgg(arrays: dict[str, np.ndarray], double: bool = False):
    """VGG-16-BN from a Keras model's kernels; everything else is as initialised in both."""
    nn = torch.nn
    layers = []
    for position, kernel in enumerate(list(arrays.values())[:-1], 1):
        conv = nn.Conv2d(*kernel.shape[2:], 3, padding=1, bias=False)
        conv.weight.data = torch.tensor(kernel.transpose(3, 2, 0, 1).copy())
        norm = nn.BatchNorm2d(kernel.shape[3], eps=1e-5)
        layers += [conv, norm, nn.ReLU()]
        if position in POOLS_AFTER:
            layers.append(nn.MaxPool2d(2))
    dense = list(arrays.values())[-1]
    output = nn.Linear(*dense.shape)
    output.weight.data = torch.tensor(dense.T.copy())
    output.bias.data.zero_()
    model = nn.Sequential(*layers, nn.Flatten(), output).eval()
    return model.double() if double else model


def prunable(model) -> list:
    return [p for p in model.parameters() if p.ndim > 1]


def synflow(model, density: float, rounds: int, each_round=None) -> list:
    """Iterative SynFlow: absolute values, ones in, |gradient * weight|, the k-th smallest score."""
    own = prunable(model)
    dtype = own[0].dtype
    originals = {n: t.clone() for n, t in model.state_dict().items()}
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.abs_()
    absolute = [p.detach().clone() for p in own]
    masks = [torch.ones_like(p) for p in own]
    total = sum(p.numel() for p in own)
    ones = torch.ones(1, 3, 32, 32, dtype=dtype)
    for round_ in range(1, rounds + 1):
        with torch.no_grad():
            for p, a, m in zip(own, absolute, masks, strict=True):
                p.copy_(a * m)
        model.zero_grad()
        model(ones).sum().backward()
        scores = [(p.grad * p).detach().abs_() for p in own]
        flat = torch.cat([s.flatten() for s in scores])
        num_removed = total - round(total * density ** (round_ / rounds))
        threshold = torch.kthvalue(flat, num_removed).values
        masks = [(s > threshold).to(dtype) for s in scores]
        if each_round is not None:
            each_round(round_, scores, masks)
    model.load_state_dict(originals)
    return masks


def snip(model, x, y, density: float) -> list:
    """SNIP: |gradient * weight| of the cross-entropy of one batch, the k-th smallest score."""
    own = prunable(model)
    model.zero_grad()
    torch.nn.functional.cross_entropy(model(x), y).backward()
    scores = [(p.grad * p).detach().abs_() for p in own]
    flat = torch.cat([s.flatten() for s in scores])
    threshold = torch.kthvalue(flat, flat.numel() - round(flat.numel() * density)).values
    return [(s > threshold).to(s.dtype) for s in scores]


def authors_synflow(repository: str, density: float, rounds: int):
    """The authors' pruner on their VGG-16-BN, as their `prune_loop` calls it."""
    sys.path.insert(0, repository)
    models = importlib.import_module("Models.lottery_vgg")
    pruners = importlib.import_module("Pruners.pruners")
    generator = importlib.import_module("Utils.generator")
    model = models.vgg16_bn((3, 32, 32), 10).eval()
    loader = [(torch.zeros(1, 3, 32, 32), None)]

    def run():
        for mask, _ in generator.masked_parameters(model):
            mask.fill_(1)
        pruner = pruners.SynFlow(generator.masked_parameters(model))
        for round_ in range(1, rounds + 1):
            pruner.score(model, None, loader, "cpu")
            pruner.mask(density ** (round_ / rounds), "global")

    return run


def as_keras(tensor) -> np.ndarray:
    array = tensor.detach().numpy()
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
