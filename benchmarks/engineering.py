"""Benchmarks of what the methods stand on: files, speed, versions, other people's networks."""

from __future__ import annotations

from benchmarks.entries import BOTH, MNIST, Benchmark, Script

ENGINEERING = (
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
        "compress",
        "What does a budget of one point buy, and does a killed search come to the same?",
        (Script(), Script(7, "kills"), Script(name="allocations")),
        "residual net within a point: 62,117 bytes where int8 has 94,504, and faster; killed"
        " searches come to the same files: 6 of 6",
        BOTH,
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
        "engines",
        "Does a study come out the same by several processes, by Ray, and when a worker is lost?",
        (Script(30),),
        "289 files by each of four engines: none is different",
        "MNIST; Ray",
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
        "microcontroller",
        "Is it right what is said of files on microcontrollers?",
        (Script(5),),
        "of 90 files without an obstacle all are right, of 22 with one none; 3 compute garbage"
        " without a word, which was said of them",
        "tflite-micro",
    ),
    Benchmark(
        "masked_step",
        "What do masks cost while training?",
        (
            Script(20),
            Script(30, "in_fit"),
            Script(5, "updates", "--before CHECKOUT"),
            Script(2, "parts"),
            Script(40, "two_versions", "--before CHECKOUT"),
            Script(5, "in_a_loop"),
        ),
        "a masked step takes 1.006 to 1.080 times a plain one; an update of 1e6 weights is 15 to 31"
        " times as fast as tfmot's; RigL's `fit` takes 1.017 times a plain one on a network with"
        " convolutions",
    ),
    Benchmark(
        "commands",
        "How long does a command take to answer?",
        (Script(7),),
        "of 71 answers and errors that need no TensorFlow none takes more than 0.80 s; `export` of"
        " LeNet-300-100, verified, 2.44 s beyond TensorFlow's own start",
    ),
    Benchmark(
        "scaling",
        "How does cost grow with weights, layers, rounds and replicates?",
        (Script(12),),
        "pruning 100 million weights globally takes 1.27 of one np.partition in 10 layers, 0.95 in"
        " 1 000",
    ),
    Benchmark(
        "against_pytorch",
        "How fast are the algorithms beside PyTorch, and are the masks the same?",
        (
            Script(15, arguments="--repository Synaptic-Flow"),
            Script(5, "edge_popup"),
            Script(15, "rankings"),
            Script(5, "limits"),
        ),
        "Keras 3: SynFlow 0.43 of the authors' time, SNIP 0.84 of plain PyTorch's; edge-popup 3.42"
        " times as fast as the original design",
        "PyTorch, the authors' repository",
    ),
    Benchmark(
        "against_open_lth",
        "What does a lottery search cost end to end beside open_lth, and beside a bare loop?",
        (Script(20, arguments="--repository open_lth"),),
        "a further level 0.18 of open_lth's time; start 3.76 s beyond TensorFlow's import; a step"
        " 0.72 of a bare loop's, 1.08 of one with masks and no Python between steps",
        f"PyTorch, torchvision, open_lth's repository; {MNIST}",
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
        "268 bad command lines and calls: 268 clear, 0 tracebacks, 0 silent",
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
        "packaging",
        "Do the wheel and the sdist work in an empty environment?",
        (Script(5),),
        "253 passed, 2 skipped, 0 failed",
        needs="uv and a network",
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
