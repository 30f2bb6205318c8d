"""Where trainings run: flags that every command which trains has, and what they mean."""

from __future__ import annotations

import concurrent.futures
import contextlib
import inspect
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

import typer

from tfticket.cli.loading import load_tensorflow
from tfticket.determinism import set_threads

__all__ = ["Engine", "with_engine"]

_Name = Literal["local", "processes", "ray"]


@dataclass(frozen=True)
class Engine:
    """Where trainings run, as it was asked for.

    Args:
        name: `"local"`, one after the other in this process; `"processes"` of this machine; or
            `"ray"`.
        workers: how many processes; `None` means as many as the threads of each leave room for.
        threads: of TensorFlow in a training; `None` means its own choice here and one in workers.
        address: of a Ray cluster; `None` means this machine.
        gpus: that a training on Ray keeps from others.
        track: tracker of experiments that is told what happens, by name.
    """

    name: str = "local"
    workers: int | None = None
    threads: int | None = None
    address: str | None = None
    gpus: float = 0.0
    track: str | None = None

    def __post_init__(self) -> None:
        if self.name not in get_args(_Name):
            raise ValueError(
                f"`engine` must be one of {', '.join(get_args(_Name))}. Received: {self.name!r}"
            )
        for name in ("workers", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
        if self.gpus < 0:
            raise ValueError(f"`gpus` must not be negative. Received: gpus={self.gpus}")
        belongs = {"workers": "processes", "address": "ray", "gpus": "ray"}
        for name, engine in belongs.items():
            if getattr(self, name) not in (None, 0.0) and self.name != engine:
                raise ValueError(
                    f"`{name}` must be left out but with engine {engine}. Received: {name}="
                    f"{getattr(self, name)} with engine {self.name}"
                )

    @contextlib.contextmanager
    def started(
        self, on_lost: Callable[[str], object]
    ) -> Iterator[concurrent.futures.Executor | None]:
        """Sets this process' threads, and yields what hands trainings on; `None` to train here.

        Args:
            on_lost: told of every process that is lost, in a sentence.
        """
        threads = self._threads()
        if threads is not None:
            set_threads(threads, threads)
        if self.name == "local":
            yield None
            return
        executor = self._executor(threads or 1, on_lost)
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
        executor.shutdown()

    def _threads(self) -> int | None:
        return 1 if self.threads is None and self.name != "local" else self.threads

    def _executor(
        self, threads: int, on_lost: Callable[[str], object]
    ) -> concurrent.futures.Executor:
        if self.name == "ray":
            from tfticket.experiments.ray_executor import RayExecutor

            return RayExecutor(self.address, cpus=threads, gpus=self.gpus)
        num = self.workers or max(1, (os.cpu_count() or 1) // threads)
        from tfticket.experiments.process_executor import ProcessExecutor

        return ProcessExecutor(num, load_tensorflow, on_lost)


def with_engine(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the flags; it takes an `Engine` as `engine`.

    Args:
        command: with a parameter `engine`, which is not a flag itself.
    """

    def taken(
        *args: Any,
        engine: str,
        workers: int | None,
        threads: int | None,
        address: str | None,
        gpus: float,
        track: str | None,
        **options: Any,
    ) -> None:
        command(*args, engine=Engine(engine, workers, threads, address, gpus, track), **options)

    own = inspect.signature(command, eval_str=True)
    parameters = [p for p in own.parameters.values() if p.name != "engine"]
    taken.__signature__ = own.replace(parameters=[*parameters, *FLAGS])  # type: ignore[attr-defined]
    taken.__annotations__ = {p.name: p.annotation for p in [*parameters, *FLAGS]}
    taken.__doc__, taken.__name__ = command.__doc__, command.__name__
    return taken


def _flag(name: str, kind: Any, default: Any, text: str) -> inspect.Parameter:
    shown = {str: "TEXT", float: "NUMBER"}.get(kind, "TEXT" if kind == str | None else "INTEGER")
    panel = "Where it runs"
    option = typer.Option(
        f"--{name}", help=text, show_default=False, rich_help_panel=panel, metavar=shown
    )
    annotation = Annotated[kind, option]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


FLAGS = (
    _flag(
        "engine",
        str,
        "local",
        "local: one training after the other, here. processes: several at once on this machine."
        " ray: on Ray's workers.",
    ),
    _flag("workers", int | None, None, "How many processes; by default one for each processor."),
    _flag(
        "threads",
        int | None,
        None,
        "Of TensorFlow in a training; other workers get 1 by default. Figures are the same to the"
        " bit on any engine with the same number.",
    ),
    _flag("address", str | None, None, "Of a Ray cluster; by default Ray starts on this machine."),
    _flag("gpus", float, 0.0, "That a training on Ray keeps from others, as 0.5."),
    _flag("track", str | None, None, "Also tell mlflow, wandb or tensorboard of every network."),
)
