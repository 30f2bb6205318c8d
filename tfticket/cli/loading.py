"""TensorFlow, loaded when a command needs it and without what it says while it loads."""

from __future__ import annotations

__all__ = ["load_tensorflow"]


def load_tensorflow() -> None:
    """Imports TensorFlow without its greetings, which no setting of its own keeps back."""
    from tfticket.litert.quiet import quiet

    with quiet():
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")  # how often functions are traced is not the user's affair
