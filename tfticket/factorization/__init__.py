"""Factorised layers: a kernel as the product of two thinner ones.

    made = factorization.factorize(model, parameters=0.25, frobenius_decay=1e-4)
    print(made.report)                          # rank, parameters and FLOPs of every layer
    made.model.fit(x, y)                        # compiled as the model was
    plain = factorization.defactorize(made.model)   # whole kernels again
    pairs = factorization.split(made.model)     # two plain layers each, for files for anybody

`factorize` works on fresh and on trained models of either Keras. `layers.of("keras")` and
`layers.of("tf_keras")` have `FactorizedDense` and `FactorizedConv2D` for models of one's own; a
program that loads a file with such layers must have imported `tfticket.factorization`.

What is not done: kinds of layers other than Dense and Conv2D, grouped convolutions and kernels with
a constraint. They are left whole, and the report says so.

References:
    Khodak et al. 2021, "Initialization and Regularization of Factorized Neural Layers",
    https://arxiv.org/abs/2105.01029
"""

from tfticket.factorization import layers
from tfticket.factorization.decay import exclude_factors, frobenius_decay
from tfticket.factorization.defactorize import defactorize, multiplied, split
from tfticket.factorization.factorize import Factorized, factorize
from tfticket.factorization.report import FactorizationReport, FactorizedLayer

__all__ = [
    "FactorizationReport",
    "Factorized",
    "FactorizedLayer",
    "defactorize",
    "exclude_factors",
    "factorize",
    "frobenius_decay",
    "layers",
    "multiplied",
    "split",
]
