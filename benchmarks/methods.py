"""Benchmarks of methods: does what was published hold, and which is better?"""

from __future__ import annotations

from benchmarks.entries import BOTH, MNIST, Benchmark, Script

METHODS = (
    Benchmark(
        "lottery_ticket",
        "Does a lottery ticket beat its controls, as published?",
        (Script(60),),
        "at 21.1 % of the weights 98.27 ± 0.12 %, re-initialised 97.87 ± 0.17 %;"
        " dense 97.74 ± 0.26 %",
        MNIST,
    ),
    Benchmark(
        "learning_rate",
        "What is a ticket worth at a large and a small learning rate, of weights and of channels?",
        (Script(160),),
        "ticket − re-initialised at rate 0.4 and sparsity 0.938: +1.98 points; of whole neurons at"
        " 0.877 +0.43 [-0.82, +1.68]; a residual network on CIFAR-10 with lossy JPEG, rate 0.1, at"
        " 0.936: +9.98 [+8.87, +11.09], of whole channels at 0.750 +1.22 [-3.31, +5.75]",
        BOTH,
    ),
    Benchmark(
        "course_project",
        "What is left of a course project's findings when masks hold?",
        (Script(45),),
        "mask at density 0.384 rewound 98.52 ± 0.09 %, drawn anew 97.84 ± 0.07 %;"
        " dense 98.52 ± 0.14 %",
        MNIST,
    ),
    Benchmark(
        "zhou",
        "Which mask criteria and actions matter, and do the published orderings hold?",
        (Script(20),),
        "untrained at density 0.2 large_final 58.4 ± 5.5 %, random 7.8 ± 2.3 %; trained 97.9 ± 0.0"
        " and 96.5 ± 0.0 %",
        MNIST,
    ),
    Benchmark(
        "zhou_untrained",
        "What makes the difference to Zhou's 86 % of an untrained mask?",
        (Script(35),),
        "large final, same sign, signed constant, 55 epochs, best density: 85.8 ± 3.5 (published"
        " 86); large final alone 36.1 ± 4.8; same sign by rounds of 3 000 steps 95.9 ± 0.6",
        MNIST,
    ),
    Benchmark(
        "pruning_at_init",
        "How accurate are networks that were pruned before training?",
        (Script(60),),
        "conv_431k at density 10^-2: SynFlow 93.25 ± 1.19 %, SNIP 90.53 ± 0.85 %, GraSP"
        " 88.46 ± 0.57 %, random 23.24 ± 10.48 %",
        MNIST,
    ),
    Benchmark(
        "layer_collapse",
        "At which compression does a score empty a layer?",
        (Script(30),),
        "VGG-16-BN, log10: SynFlow in 100 rounds none, random 4.25, SNIP 3.75, GraSP 2.75,"
        " magnitude 1.75",
        BOTH,
    ),
    Benchmark(
        "gradual_regression",
        "Does gradual pruning of a regression network reach its target?",
        (Script(10),),
        "75 % reached exactly, test mse · 10³ 1.59, dense 5.892; on the tutorial's clock 0.2894",
    ),
    Benchmark(
        "edge_popup",
        "What does a network reach whose mask alone is trained?",
        (Script(90),),
        "half of the weights kept: 98.25 ± 0.11 % after 20 epochs",
        MNIST,
    ),
    Benchmark(
        "dynamic_sparse",
        "What are masks worth that move while a network trains, and at which cost?",
        (
            Script(90),
            Script(12, "against_jaxpruner", "--jaxpruner CHECKOUT --python JAX/bin/python"),
        ),
        "LeNet-300-100 at sparsity 0.98: RigL 95.34 ± 0.19 %, SET 94.43 ± 0.10, masks that stay"
        " 93.25 ± 0.09, gradual pruning 97.67 ± 0.12; RigL's masks are jaxpruner's at all of 162"
        " moves",
        f"{MNIST}, for one script JAX and jaxpruner",
    ),
    Benchmark(
        "post_training",
        "What does a small GPT lose that is pruned without training?",
        (Script(45), Script(8, "backbones")),
        "perplexity of a byte at 50 %: dense 3.712 ± 0.021, SparseGPT 4.510 ± 0.055, Wanda 6.163 ±"
        " 0.607, magnitude 6.545 ± 0.382; all of 22 backbones of KerasHub can be pruned",
        "sources of Python; keras-hub for one script",
    ),
    Benchmark(
        "trained_sparsity",
        "Is sparsity that is trained with the weights better than magnitude pruning as dense?",
        (Script(12),),
        "LeNet-300-100, continuous sparsification: 97.76 ± 0.09 % at density 16.07 %, magnitude in"
        " as many trainings 97.63 ± 0.07; soft thresholds 97.00 ± 0.09 at 47.48 %, magnitude 97.56"
        " ± 0.16",
        MNIST,
    ),
    Benchmark(
        "weight_agnostic",
        "What does a topology reach whose connections all share one weight?",
        (Script(40, arguments="--work runs/searches"),),
        "MNIST, nothing trained: 81.98 ± 16.84 % with random shared weights, 89.59 % with the one"
        " chosen; 92.75 % with its connections trained",
        MNIST,
    ),
    Benchmark(
        "bernoulli",
        "What do rescaling, initialisers and rounding do to Bernoulli supermasks?",
        (Script(10),),
        "96.99 ± 0.32 % with rescaling, 95.95 ± 0.07 % without (signed constants, rounded)",
        MNIST,
    ),
    Benchmark(
        "supermask_tasks",
        "Do supermasks work beyond classification?",
        (Script(10),),
        "segmentation IoU 87.14 ± 1.63 % (weights 89.82 ± 1.90); regression 2.79 ± 0.11 % of the"
        " variance left (weights 3.27 ± 0.41)",
        MNIST,
    ),
    Benchmark(
        "structured",
        "Which way to a smaller network is the most accurate, and how fast are they?",
        (
            Script(120),
            Script(name="latency"),
            Script(3, "pictures"),
        ),
        "vgg_small: slimming 98.85 ± 0.05 % at 0.200 of the FLOPs, dense 98.50 ± 0.13 %; ResNet-20"
        " on CIFAR-10 with lossy JPEG: 58.27 ± 1.73 % at 0.289, dense 56.30 ± 1.35 %",
        BOTH,
    ),
    Benchmark(
        "early_bird",
        "When can an early-bird ticket be drawn, at which rate and in which precision?",
        (Script(12),),
        "at 30 % of the channels drawn after 2 epochs of 8 96.71 ± 0.12 %, after 8 96.73 ± 0.07 %;"
        " dense 96.77 ± 0.04 %; searched in int8 95.70 ± 0.08, in float32 95.31 ± 0.55 (at 50 %)",
        MNIST,
    ),
    Benchmark(
        "factorization",
        "What are factorised layers worth beside tickets and smaller networks?",
        (Script(12),),
        "conv_431k at a tenth of the parameters: factors of the trained network 98.33 ± 0.26 %,"
        " ticket 97.83 ± 0.06 %, fewer channels 98.29 ± 0.14 %; dense 98.22 ± 0.29 %",
        MNIST,
    ),
    Benchmark(
        "strong_tickets",
        "How many random candidates does a weight need, for a network to be found by pruning?",
        (Script(10),),
        "LeNet-300-100: with 8 candidates 0.12 ± 0.24 points below the target, with 12 0.03 ± 0.03"
        " above; each candidate takes 0.963 off the log2 of the median error",
        MNIST,
    ),
)
