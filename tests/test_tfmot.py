"""Importing tfticket changes nothing for the rest of the program, in whatever order it happens.

What an import does can be seen in a fresh process only, and TensorFlow takes seconds to import:
each scenario is one process that checks several things.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

BEFORE = """
import logging, os, sys, warnings

LEGACY = "TF_USE_LEGACY_KERAS"

def state():
    loggers = {n: logging.getLogger(n) for n in ("root", "absl", "tensorflow", "tf_keras", "keras")}
    return dict(os.environ), {
        n: (log.level, log.propagate, log.disabled, [type(h) for h in log.handlers])
        for n, log in loggers.items()
    }

def undecided(namespace):
    return repr(vars(namespace)["keras"]) == "<KerasLazyLoader>"

def prunes():
    import tf_keras
    from tfticket._tfmot import tfmot
    layer = tf_keras.layers.Dense(2, input_shape=(2,))
    tfmot().sparsity.keras.prune_low_magnitude(tf_keras.Sequential([layer]))
"""

SCENARIOS = {
    "importing_tfticket_imports_neither_tensorflow_nor_keras": """
        before = state()
        import tfticket
        heavy = {"tensorflow", "keras", "tf_keras", "tensorflow_model_optimization", "matplotlib"}
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
        assert state() == before
    """,
    "schedules_leave_everything_as_it_was": """
        import tensorflow as tf
        before, filters = state(), list(warnings.filters)
        warnings.simplefilter("error")
        import tfticket.schedules
        del warnings.filters[0]
        assert state() == before, state()
        assert warnings.filters == filters
        assert LEGACY not in os.environ
        assert all(undecided(n) for n in (tf, tf.compat.v1, tf.compat.v2))
        prunes()
        assert all(undecided(n) for n in (tf, tf.compat.v1, tf.compat.v2))
        assert tf.keras.__version__.startswith("3.")
        assert tf.keras.layers.Dense.__module__.startswith("keras.src")
        assert tf.compat.v2.keras.layers.Dense is tf.keras.layers.Dense
    """,
    "schedules_come_first_and_the_program_still_chooses_its_keras": """
        import tfticket.schedules
        os.environ[LEGACY] = "1"
        import tensorflow as tf
        assert tf.keras.layers.Dense.__module__.startswith("tf_keras")
        prunes()
    """,
    "a_keras_already_in_use_stays": """
        import tensorflow as tf
        dense = tf.keras.layers.Dense
        import tfticket.schedules
        import tensorflow_model_optimization as tfmot
        assert tf.keras.layers.Dense is dense
        assert LEGACY not in os.environ
        prunes()
        tf.keras.Sequential([tf.keras.Input((2,)), dense(2)])
    """,
    "a_program_that_chose_legacy_keras_keeps_it": """
        os.environ[LEGACY] = "1"
        import tfticket.schedules
        import tensorflow as tf
        assert os.environ[LEGACY] == "1"
        assert tf.keras.layers.Dense.__module__.startswith("tf_keras")
        prunes()
    """,
    "a_tfmot_the_program_imported_itself_is_left_alone": """
        import tensorflow_model_optimization as theirs
        before = state()
        import tfticket.schedules
        from tfticket._tfmot import tfmot
        import tensorflow as tf
        assert tfmot() is theirs
        assert state() == before
        assert os.environ[LEGACY] == "1"
        assert tf.keras.layers.Dense.__module__.startswith("tf_keras")
        prunes()
    """,
}


#: The others show more of what these show.
SHORT = {
    "importing_tfticket_imports_neither_tensorflow_nor_keras",
    "schedules_leave_everything_as_it_was",
    "a_keras_already_in_use_stays",
}


@pytest.mark.parametrize(
    "scenario", [pytest.param(s, marks=[] if s in SHORT else pytest.mark.long) for s in SCENARIOS]
)
def test_in_a_fresh_process(scenario):
    env = {k: v for k, v in os.environ.items() if k != "TF_USE_LEGACY_KERAS"}
    done = subprocess.run(
        [sys.executable, "-c", BEFORE + textwrap.dedent(SCENARIOS[scenario])],
        env={**env, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Warning" not in done.stderr
    assert done.stdout == ""
