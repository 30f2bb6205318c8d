"""Supermasks: train the mask, alone or together with the weights.

A supermask layer is a Keras layer whose weights are frozen as they were drawn. Beside its kernel it
has trainable `scores`, and a masker that makes a mask of them in every forward pass; the layer
computes with `kernel · mask`, and gradients go straight through the masker to the scores. The
trainable weights of a supermask model are its scores and nothing else, so any optimizer, loss,
callback and `fit` of either Keras trains the mask. Two maskers train the weights as well.

    model = zoo.get_model("lenet_300_100").build()
    supermask = supermasks.convert(
        model, masker=supermasks.EdgePopup(0.5), initializer="signed_kaiming_constant", seed=0
    )
    supermask.compile("sgd", loss, metrics=["accuracy"])
    supermask.fit(x, y, callbacks=[callbacks.SupermaskLog()])

    plain, ticket = supermasks.to_plain(supermask)        # for reports, controls and export
    supermasks.SeedTicket.of(supermask).save("ticket.safetensors")  # seeds and one bit per weight

Layers
    `layers.of("keras")` and `layers.of("tf_keras")` have `SupermaskDense`, `SupermaskConv1D`,
    `SupermaskConv2D`, `SupermaskConv3D`, `SupermaskDepthwiseConv2D` and `SupermaskConv2DTranspose`,
    with all arguments of their parents and `masker`, and `SupermaskBatchNormalization`, whose scale
    and offset are frozen. Models that contain them are saved and loaded like any other; the program
    that loads one must have imported `tfticket.supermasks`.

Maskers
    | masker | forward | backward, the mask counts as |
    |---|---|---|
    | `EdgePopup(density)` | 1 for the `round(density · n)` largest abs(score) | abs(score) |
    | `Signed(density)` | the same, times the score's sign: -1, 0 or 1 | score |
    | `Bernoulli()` | 1 with probability sigmoid(score), drawn in every step | sigmoid(score) |
    | `ContinuousSparsification()` | sigmoid(β · score), β rising to 200 | that; weights too |
    | `SoftThreshold()` | sign(w) · relu(abs(w) - sigmoid(score)), one a layer | that; weights too |

    The first two rank within a layer or, with `scope="global"`, over all layers; their counts are
    exact at every step. They take a schedule for a density, which `callbacks.FollowDensity`
    follows. Bernoulli masks are rounded at evaluation, unless sampling is asked for. The last two
    find how many weights they keep: `callbacks.AnnealTemperature` raises β, and `next_round` begins
    another round of continuous sparsification.

Initialisers
    `initializers.KaimingNormal`, `KaimingUniform`, `SignedKaimingConstant` and `KaimingConstant`,
    each with `density` for a scaled fan. They draw the same bits for both Kerases.

What is not done: layers other than these, which `convert` freezes and names; masks of biases,
which stay as they were.
"""

from tfticket.supermasks import initializers, layers, maskers
from tfticket.supermasks.convert import convert
from tfticket.supermasks.maskers import (
    Bernoulli,
    ContinuousSparsification,
    EdgePopup,
    Masker,
    Signed,
    SoftThreshold,
)
from tfticket.supermasks.plain import to_plain
from tfticket.supermasks.seed_ticket import SeedTicket
from tfticket.supermasks.starting import next_round, start_from

__all__ = [
    "Bernoulli",
    "ContinuousSparsification",
    "EdgePopup",
    "Masker",
    "SeedTicket",
    "Signed",
    "SoftThreshold",
    "convert",
    "initializers",
    "layers",
    "maskers",
    "next_round",
    "start_from",
    "to_plain",
]
