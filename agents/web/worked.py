"""How much of the event loop something takes that others take turns with."""

import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class Worked(Generic[T]):
    """Awaits something. seconds: CPU time that it took of the event loop, without what others did meanwhile."""

    def __init__(self, work: Awaitable[T]) -> None:
        self._work = work
        self.seconds = 0.0

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._work.__await__()
        step: Callable[[Any], Any] = steps.send
        given: Any = None
        while True:
            began = time.thread_time()
            try:
                wanted = step(given)
            except StopIteration as ended:
                return cast(T, ended.value)
            finally:
                self.seconds += time.thread_time() - began
            try:
                step, given = steps.send, (yield wanted)
            except BaseException as error:
                step, given = steps.throw, error
