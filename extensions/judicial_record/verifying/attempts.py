"""Who guesses waits: wrong answers are counted by network and code, by network, and by code.

Only hashes of the keys are kept (oauth/lockout). Whether there is such a code changes nothing.
"""

import asyncio
from collections.abc import Sequence

from extensions.judicial_record.office import Office
from extensions.judicial_record.verifying.gate import Gate
from fhir_server.fhir.dates import SECOND
from fhir_server.fhir.errors import TooManyRequests
from fhir_server.interactions.context import Context
from fhir_server.oauth import lockout
from fhir_server.store.together import Together

# A paper is mistyped a few times, by many behind one address; a code is shown to few.
FREE, FREE_OF_NETWORK, FREE_OF_CODE = lockout.FREE, lockout.FREE_OF_NETWORK, 50


async def check(gate: Gate, context: Context, keys: Sequence[str]) -> bool:
    """Say whether wrong answers are counted for the first key, which a right one clears.

    Raises TooManyRequests where one of the keys has to wait; Retry-After says how long.
    """
    free = dict(zip(keys, (FREE, FREE_OF_NETWORK, FREE_OF_CODE), strict=False))
    left = await lockout.delays_now(context.store.records, free, gate.seconds)
    if wait := max(left.values(), default=0):
        raise TooManyRequests(
            f"Too many wrong answers. Try again in {wait} s.", headers=[("Retry-After", str(wait))]
        )
    return keys[0] in left


async def wrong(gate: Gate, keys: Sequence[str]) -> None:
    """Count a wrong answer; `keys` are as `of` gives them."""
    await gate.wrong.put(lambda: keys)


def counting(office: Office) -> Together[str]:
    """Give what counts wrong answers by their keys, several in one write where several wait."""

    async def count(keys: Sequence[str]) -> None:
        await asyncio.to_thread(lockout.failed, office.records, keys, office.clock() // SECOND)

    return Together(count)


def clearing(office: Office) -> Together[str]:
    """Give what forgets the wrong answers of keys, several in one write where several wait."""

    async def clear(keys: Sequence[str]) -> None:
        await asyncio.to_thread(lockout.cleared, office.records, keys)

    return Together(clear)


async def right(gate: Gate, keys: Sequence[str]) -> None:
    """Forget what was counted for the first key: the rightful one came."""
    await gate.right.put(lambda: keys[:1])


def of(what: str, who: str, code: str) -> tuple[str, str, str]:
    """Give the keys of a try: `who` is a network address, or who is signed in."""
    network = lockout.network(who)
    return f"{what} {network} {code}", f"{what} network {network}", f"{what} code {code}"
