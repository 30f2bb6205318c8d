"""What a recipe's page says that the recipe itself does not: where it is computed, and figures.

`computed_in` names what has the formula in its docstring, as `file:name`. Published figures are
those of the authors, of their networks and data: nothing here was run by us. Where one was not read
in the authors' own paper, files or documentation, it is said to be quoted. `benchmarks` names ours.
"""

from __future__ import annotations

import dataclasses

__all__ = ["METHODS", "Method"]


@dataclasses.dataclass(frozen=True)
class Method:
    """What is added to a recipe's page.

    Args:
        computed_in: `file:name`, from the top of the repository; the first is the method's core.
        published: sentences, in Markdown.
        benchmarks: names of `benchmarks.catalogue`; none if we have not measured it.
    """

    computed_in: tuple[str, ...]
    published: str
    benchmarks: tuple[str, ...] = ()


_ROUNDS = "tfticket/schedules/exponential.py:Exponential"
_MAGNITUDE = "tfticket/scores/magnitude.py:Magnitude"
_RESNET_20 = (
    "ResNet-20 on CIFAR-10 with 10.7 % of the weights left, dense 91.71 % (Renda et al. 2020): {}."
)
_VGG_16 = (
    "VGG-16 on CIFAR-10, dense 93.5 % (Tanaka et al. 2020): {} % at compressions of 10, 100 and"
    " 1000. Largest compression without an empty layer on CIFAR-100: 10 to the power of {}."
)
_RETHINKING = "ResNet-56, published filter counts A and B, CIFAR-10, dense 93.14 %: {}."
_RESNET_50 = (
    "ResNet-50 on ImageNet at sparsities of 80 and 90 %, quoted: {}. Dense 76.8 %, masks that stay"
    " 70.6 and 65.8 %."
)
_LLAMA = (
    "LLaMA-7B on WikiText, perplexity at 50 % and 2:4, quoted: {}. Dense 5.68, magnitude 17.3 and"
    " 42.1."
)
_MOVING = (
    "tfticket/callbacks/dynamic_sparse.py:DynamicSparse",
    "tfticket/selection/regrowing.py:falling_fraction",
)
_AT_INIT = ("pruning_at_init", "layer_collapse")

METHODS: dict[str, Method] = {
    "fine_tuning": Method(
        (_MAGNITUDE, _ROUNDS, "tfticket/actions/rewind.py:FineTune"),
        _RESNET_20.format("89.64 ± 0.25 % by fine-tuning"),
    ),
    "gradual": Method(
        (
            "tfticket/schedules/curves.py:Polynomial",
            "tfticket/callbacks/prune_on_schedule.py:PruneOnSchedule",
        ),
        "InceptionV3 on ImageNet, dense 78.1 %: 78.0, 76.1 and 74.6 % at sparsities of 50, 75 and"
        " 87.5 % (tfmot's overview).",
        ("gradual_regression",),
    ),
    "movement_pruning": Method(
        (
            "tfticket/scores/movement.py:Movement",
            "tfticket/enforcement/movement.py:MovementSums",
            "tfticket/callbacks/prune_on_schedule.py:PruneOnSchedule",
        ),
        "BERT-base fine-tuned on MNLI, dense 84.5 %, with 3 % of the encoder's weights, quoted:"
        " magnitude 69.4, movement 76.1, soft movement 79.0 %. Ours is the first-order score with"
        " masks that only shrink; the authors' masked weights keep their values and may come back.",
    ),
    "l1_filters": Method(
        ("tfticket/slimming/channel_scores.py:ChannelScore",),
        "Liu et al. 2019 trained the filter counts of this paper's ResNet-56 from scratch: see"
        " [`scratch_e`](scratch_e.md). Of the paper's own tables none is quoted here.",
        ("structured",),
    ),
    "slimming": Method(
        (
            "tfticket/slimming/penalty.py:penalize_scales",
            "tfticket/slimming/channel_selection.py:select_channels",
        ),
        "VGG-19 on CIFAR-10: dense 93.77 %, trained with the penalty 93.30 %, without 70 % of its"
        " channels 32.54 %, fine-tuned 93.78 %; 20.04 million parameters become 2.25 million.",
        ("structured",),
    ),
    "set": Method(
        _MOVING,
        _RESNET_50.format("72.9 and 69.6 % (Evci et al. 2020)"),
        ("dynamic_sparse",),
    ),
    "bernoulli_supermask": Method(
        ("tfticket/supermasks/maskers/bernoulli.py:Bernoulli",),
        "The learned mask with rescaling, weights as they were drawn, quoted: MNIST 95.3 %,"
        " CIFAR-10 65.4 %.",
        ("bernoulli", "supermask_tasks"),
    ),
    "lottery_ticket": Method(
        (_MAGNITUDE, _ROUNDS, "tfticket/actions/rewind.py:Rewind"),
        "LeNet-300-100 on MNIST, quoted: at 21.1 % of the weights the ticket stops early 38 %"
        " sooner than the dense network, at 13.5 % it is 0.3 points or more above it, at 3.6 % as"
        " good; drawn anew it begins to lose at 21.1 %.",
        ("lottery_ticket", "learning_rate", "course_project"),
    ),
    "scratch_b": Method(
        ("tfticket/recipes/_scratch.py:FromScratch",),
        _RETHINKING.format("trained for as many FLOPs 93.09 and 93.05 %"),
        ("structured",),
    ),
    "scratch_e": Method(
        ("tfticket/recipes/_scratch.py:FromScratch",),
        "Published in one table with Scratch-B, of which two rows are quoted"
        " [there](scratch_b.md).",
        ("structured",),
    ),
    "snip": Method(
        ("tfticket/scores/snip.py:Snip",), _VGG_16.format("92.3, 89.1 and 76.3", "3.5"), _AT_INIT
    ),
    "weight_agnostic": Method(
        (
            "tfticket/weight_agnostic/ranking.py:fronts",
            "tfticket/weight_agnostic/settings.py:EvolutionSettings",
        ),
        "MNIST at 16 × 16: 82.0 ± 18.7 % with random shared weights, 91.9 % with the one that was"
        " tuned, 94.2 % with all connections trained.",
        ("weight_agnostic",),
    ),
    "zhou_supermask": Method(
        (
            "tfticket/scores/zhou.py:LargeFinalSameSign",
            _MAGNITUDE,
            "tfticket/actions/redraw.py:SignedConstant",
        ),
        "Untrained, large final with the same sign over signed constants, best density: 86 % on"
        " MNIST, 41 % on CIFAR-10.",
        ("zhou", "zhou_untrained"),
    ),
    "continuous_sparsification": Method(
        (
            "tfticket/supermasks/maskers/continuous_sparsification.py:ContinuousSparsification",
            "tfticket/callbacks/anneal_temperature.py:AnnealTemperature",
        ),
        "ResNet-18 on CIFAR-10, two rounds of 85 epochs with the authors' default settings: 91.5"
        " to 92.0 % after rewinding at what they call 20 to 30 % sparsity, dense 90 to 91 %.",
        ("trained_sparsity",),
    ),
    "early_bird": Method(
        (
            "tfticket/early_bird.py:EarlyBird",
            "tfticket/slimming/penalty.py:penalize_scales",
        ),
        "VGG-16 on CIFAR-100 without 10, 30 and 50 % of its channels: 71.81, 72.17 and 71.28 %;"
        " tickets drawn after the training 72.62, 71.31 and 70.96 % for 2.6 to 3.3 times the"
        " energy.",
        ("early_bird", "structured"),
    ),
    "edge_popup": Method(
        ("tfticket/supermasks/maskers/ranked.py:EdgePopup",),
        "ResNet-50 on ImageNet with 30 % of its weights kept: 68.6 % with signed constants, 61.7 %"
        " with weights drawn as Kaiming normal.",
        ("edge_popup", "supermask_tasks"),
    ),
    "grasp": Method(
        ("tfticket/scores/grasp.py:Grasp",), _VGG_16.format("91.8, 87.5 and 70.9", "3.5"), _AT_INIT
    ),
    "late_rewinding": Method(
        (_MAGNITUDE, _ROUNDS, "tfticket/actions/rewind.py:Rewind"),
        _RESNET_20.format("rewound to epoch 12 90.96 ± 0.08 %, to the start 86.74 ± 0.25 %"),
        ("learning_rate",),
    ),
    "learning_rate_rewinding": Method(
        (_MAGNITUDE, _ROUNDS, "tfticket/actions/rewind.py:RewindLearningRate"),
        _RESNET_20.format("91.04 ± 0.09 % with the learning rate rewound"),
    ),
    "rigl": Method(
        _MOVING,
        _RESNET_50.format("74.6 and 72.0 %, with ERK 75.1 and 73.0 %"),
        ("dynamic_sparse",),
    ),
    "soft_threshold": Method(
        ("tfticket/supermasks/maskers/soft_threshold.py:SoftThreshold",),
        "ResNet-50 on ImageNet, dense 77.00 %: 76.12, 74.31, 70.23 and 61.46 % at sparsities of"
        " 81.27, 90.23, 95.15 and 98.05 %.",
        ("trained_sparsity",),
    ),
    "strong_ticket": Method(
        (
            "tfticket/strong_tickets/approximate.py:approximate",
            "tfticket/strong_tickets/subset_sums.py:closest_subsets",
        ),
        "A theorem, not a figure: a random network that is wider than the target by a factor of"
        " the order of log(1/ε) has a subnetwork within ε of it, with high probability.",
        ("strong_tickets",),
    ),
    "synflow": Method(
        ("tfticket/scores/synflow.py:SynFlow", _ROUNDS),
        _VGG_16.format("93.3, 90.1 and 80.4", "6.0"),
        _AT_INIT,
    ),
    "factorize": Method(
        (
            "tfticket/factorization/decomposition.py:factors",
            "tfticket/factorization/decay.py:frobenius_decay",
        ),
        "The abstract claims low-rank residual networks that are clearly better than sparse ones"
        " at the same memory. Of the paper's tables none is quoted here.",
        ("factorization",),
    ),
    "magnitude_at_init": Method(
        (_MAGNITUDE,), _VGG_16.format("93.1, 89.8 and 10", "2.75"), _AT_INIT
    ),
    "random_at_init": Method(
        ("tfticket/scores/random.py:Random",), _VGG_16.format("91.1, 79.1 and 10", "3.25"), _AT_INIT
    ),
    "sparsegpt": Method(
        ("tfticket/post_training/matrices.py:sparsegpt",),
        _LLAMA.format("7.2 and 11.0"),
        ("post_training",),
    ),
    "wanda": Method(
        ("tfticket/post_training/matrices.py:wanda",),
        _LLAMA.format("7.3 and 11.5"),
        ("post_training",),
    ),
}
