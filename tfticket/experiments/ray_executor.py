"""Ray as an executor: workers on this machine, or those of a cluster."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from typing import Any

from tfticket import optional

__all__ = ["RayExecutor"]

_RETRIES = 3


class RayExecutor(concurrent.futures.Executor):
    """Runs calls as tasks of Ray; one whose worker is lost is run again, up to three times.

    Args:
        address: of a cluster, as `ray.init` takes it: `"auto"`, or `"ray://host:10001"`; `None`
            means the one that this program is connected to, or one started here for the time.
        cpus: that a task keeps from others.
        gpus: that a task keeps from others; .25 lets four share one. Without any, it sees none.

    Raises:
        MissingDependencyError: if Ray is not installed.
        ConnectionError: if there is no cluster at the address.
    """

    def __init__(self, address: str | None = None, *, cpus: float = 1, gpus: float = 0):
        self._ray = optional.require("ray", "ray", "ray", "to train on Ray's workers")
        self._is_own = not self._ray.is_initialized()
        if self._is_own:
            self._ray.init(address, log_to_driver=False)
        resources = {"num_cpus": cpus, "num_gpus": gpus}
        self._task = self._ray.remote(max_retries=_RETRIES, **resources)(_call)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Sends a call to a worker.

        Args:
            fn: a function that the workers can import.
            args: plain data.
            kwargs: plain data.

        Returns:
            A `concurrent.futures.Future`.
        """
        return self._task.remote(fn, args, kwargs).future()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leaves Ray, if it was entered here; what still runs is stopped.

        Args:
            wait: has no effect.
            cancel_futures: has no effect.
        """
        if self._is_own:
            self._ray.shutdown()


def _call(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return fn(*args, **kwargs)
