"""Two pictures of vgg_small on MNIST: how its channel mask settles, and what the penalty does.

One training of 1 000 steps with the penalty on scales and one without, seed 0; the mask of half of
the channels is drawn every 20 steps.

    export TFDS_DATA_DIR=...  # a folder with mnist, prepared
    python benchmarks/structured/pictures.py

writes `mask_distances.png` and `scales.png` beside this file.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

HERE = Path(__file__).parent
EVERY, SPARSITY = 20, 0.5


def main() -> None:
    import run
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from tfticket import callbacks, slimming
    from tfticket.reports import channels, plots
    from tfticket.rewinding import restore

    bench = run.Bench("vgg_small", 0, HERE)
    early = callbacks.StopAtEarlyBird(SPARSITY, every=EVERY, stop=False)
    with slimming.penalize_scales(bench.model, bench.strength, initial_scale=0.5) as penalty:
        bench.train(bench.model, [early])
        penalised = penalty.values()
    restore(bench.model, bench.initial)
    bench.train(bench.model, [])
    plain = {p: bench.model.get_layer(p.partition("/")[0]).gamma.numpy() for p in penalised}
    seen = early.early_bird
    figure = channels.plot_mask_distances(
        seen.distance_matrix(),
        [o.step for o in seen.observations],
        early.found_at,
        f"vgg_small, 50 %, settled at step {early.found_at}",
    )
    plots.save(figure, HERE / "mask_distances.png")
    title = f"vgg_small after 1 000 steps; strength {bench.strength:g}, from 0.5"
    scales = {"without penalty, from 1": plain, "with penalty": penalised}
    plots.save(channels.plot_scales(scales, title), HERE / "scales.png")


if __name__ == "__main__":
    main()
