"""Work on many bytes: it is done in a thread, so that other requests need not wait for it."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# From here on it takes long enough.
LARGE = 256 * 1024


async def aside(size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Give what the work on so many bytes gives; of few it is done here, and nothing is awaited."""
    if size < LARGE:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
