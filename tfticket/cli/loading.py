"""TensorFlow, loaded when a command needs it and without what it says while it loads."""

from __future__ import annotations

import gc

__all__ = ["check_functions", "load_tensorflow"]


def check_functions(data: str, train: str | None, *, download: bool) -> None:
    """Makes sure, before TensorFlow is loaded, that data and a function of these names are there.

    Args:
        data: as for `zoo.load_data`.
        train: a reference; `None` asks for nothing.
        download: whether data may be downloaded.

    Raises:
        ValueError: if a name is unknown, or a file does not exist.
        DataUnavailableError: if the data are not on this machine.
    """
    from tfticket import references, zoo

    zoo.check_data(data, download=download)
    if train is not None:
        references.check(train)


def load_tensorflow() -> None:
    """Imports TensorFlow without its greetings, which no setting of its own keeps back."""
    from tfticket.litert.quiet import quiet

    with quiet():
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")  # how often functions are traced is not the user's affair
    gc.freeze()  # its modules stay as long as the command: they need not be looked through again
