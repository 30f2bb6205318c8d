"""What every benchmark asks, what it is run by, how long it takes, and what it found last.

`python -m benchmarks index` writes the table in README.md from this. Minutes are those of one busy
core, as they were noted when it ran; `figures` are quoted from the benchmark's own README.md.
"""

from __future__ import annotations

import dataclasses

MNIST = "MNIST"
BOTH = "MNIST, cifar10_jpeg"


@dataclasses.dataclass(frozen=True)
class Script:
    """A file of a benchmark's folder that is run.

    Args:
        minutes: about how many it takes; None where nobody noted it.
        name: of the file, without `.py`.
        arguments: those without which it does not run, or not all of it.
    """

    minutes: int | None = None
    name: str = "run"
    arguments: str = ""


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """A folder here.

    Args:
        name: of the folder.
        question: what it answers.
        scripts: what is run, the main one first.
        figures: the last ones, in a line.
        needs: data sets in `TFDS_DATA_DIR`, and what no `pip install -e ".[dev]"` brings.
    """

    name: str
    question: str
    scripts: tuple[Script, ...]
    figures: str
    needs: str = ""

    def command(self, script: Script) -> str:
        """What is typed to run a script."""
        name = self.name if script.name == "run" else f"{self.name}/{script.name}"
        arguments = f' ARGS="{script.arguments}"' if script.arguments else ""
        return f"make bench NAME={name}{arguments}"


BENCHMARKS = (
    Benchmark(
        "lottery_ticket",
        "Does a lottery ticket beat its controls, as published?",
        (Script(60),),
        "at 21.1 % of the weights 98.27 ± 0.12 %, re-initialised 97.87 ± 0.17 %;"
        " dense 97.74 ± 0.26 %",
        MNIST,
    ),
    Benchmark(
        "course_project",
        "What is left of a course project's findings when masks hold?",
        (Script(15),),
        "mask at density 0.384 rewound 98.56 ± 0.10 %, drawn anew 97.85 ± 0.01 %;"
        " dense 98.53 ± 0.18 %",
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
        "weight_agnostic",
        "What does a topology reach whose connections all share one weight?",
        (Script(40, arguments="--work /tmp/searches"),),
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
        "shrink_equivalence",
        "Does shrinking leave outputs as they are?",
        (Script(),),
        "53 networks, 103 with both Kerases: all equal, the largest difference is 1.1e-06",
    ),
    Benchmark(
        "mnist_to_file",
        "What becomes of a network on its way to a file?",
        (Script(),),
        "ticket 98.06 ± 0.14 % in 73,126 bytes, 1/14.6 of dense; as int8 98.05 ± 0.11 % in 36,730,"
        " 1/29.1",
        MNIST,
    ),
    Benchmark(
        "file_sizes",
        "How small do TFLite files become with sparsity?",
        (Script(),),
        "LeNet-300-100 at 0.98: 1.064 of the CSR bound, 0.384 of the converter's sparse file",
    ),
    Benchmark(
        "latency",
        "How fast are files with zeros, or without channels, against dense ones?",
        (Script(),),
        "LeNet-300-100 in 1x4 blocks 3.28 times as fast at 0.9 and 5.26 at 0.95; DENSIFY 1.00",
    ),
    Benchmark(
        "export_matrix",
        "Do exported files compute what they should?",
        (Script(), Script(arguments="--keras tf_keras")),
        "104 verified, 120 dense, 32 refused, none wrong",
    ),
    Benchmark(
        "emulated_arm",
        "Do exported files compute on ARM what they should?",
        (Script(arguments="--qemu QEMU --root ROOT --site SITE"),),
        "all verified; without the check of the graph up to 0.494 of the output range off",
        "QEMU, aarch64 packages",
    ),
    Benchmark(
        "generated_graphs",
        "Is the list right that says where sparse weights are safe?",
        (
            Script(arguments="--sse SITE"),
            Script(name="networks", arguments="--sse SITE"),
        ),
        "967 graphs: of 685 right ones 675 admitted (98.5%), of 282 wrong ones 0",
        "QEMU; aarch64 packages for --arm",
    ),
    Benchmark(
        "masked_step",
        "What do masks cost while training?",
        (Script(20),),
        "a masked step takes 0.99 to 1.05 times a plain one; an update of 1e6 weights is 15 to 31"
        " times as fast as tfmot's",
    ),
    Benchmark(
        "against_pytorch",
        "How fast are the algorithms beside PyTorch, and are the masks the same?",
        (
            Script(15, arguments="--repository Synaptic-Flow"),
            Script(5, "edge_popup"),
        ),
        "Keras 3: SynFlow 0.55 of the authors' time, SNIP 0.99 of plain PyTorch's; edge-popup 3.41"
        " times as fast as the original design",
        "PyTorch, the authors' repository",
    ),
    Benchmark(
        "tfmot_side_by_side",
        "Do tfmot and the drop-in end alike, and what does a step cost?",
        (Script(8),),
        "both at 0.7500, errors within one deviation; at frequency 1 a step takes 0.16 and 0.24 of"
        " tfmot's time",
        MNIST,
    ),
    Benchmark(
        "tfmot_tests",
        "Does the drop-in pass tfmot's own tests, and run its guides?",
        (
            Script(5, arguments="--repo tfmot"),
            Script(4, "guides", "--repo tfmot"),
        ),
        "188 of 209 tests, each other one explained; all cells of four guides on tf_keras",
        f"tfmot's repository; {BOTH}",
    ),
    Benchmark(
        "every_model",
        "Can every model that people bring be pruned, trained, saved and exported?",
        (Script(175),),
        "all 40 stock networks of Keras 3.15, all 71 of tf_keras 2.21 and 13 others train at"
        " 80.0 %",
    ),
    Benchmark(
        "bad_inputs",
        "Is a person told what is wrong, and what to do?",
        (Script(3),),
        "252 bad command lines and calls: 252 clear, 0 tracebacks, 0 silent",
    ),
    Benchmark(
        "third_party",
        "Can networks of other packages be pruned, trained, reloaded, shrunk and exported?",
        (Script(20),),
        "of 20, 17 shrank, 20 were exported, none crashed",
        "keras-hub, kimm, keras-cv-attention-models, image-classifiers, keras-unet-collection,"
        " keras-tcn",
    ),
    Benchmark(
        "damage",
        "Is anything that is damaged read as if it were whole?",
        (Script(30),),
        "of 1000 damages each none is read as something else",
    ),
    Benchmark(
        "kills",
        "Do runs that are killed end with the same bits?",
        (Script(25),),
        "30 of 30 runs that were killed ended with the same bits",
    ),
    Benchmark(
        "public_files",
        "What becomes of TFLite files of other people?",
        (Script(4),),
        "hand_landmark_full to 0.874, equal bit for bit; BirdNET 403,754,112 multiply-adds",
        "a network",
    ),
    Benchmark(
        "tf_keras_loading",
        "How long does tf_keras take to load its own files?",
        (Script(10),),
        "ResNet101, 171.8 MB: 45.1 s, ours 2.9 s",
    ),
    Benchmark(
        "versions",
        "With which versions of Python, TensorFlow and Keras do the tests pass?",
        (Script(35),),
        "no test failed in any row that was run",
        "several Pythons",
    ),
)
