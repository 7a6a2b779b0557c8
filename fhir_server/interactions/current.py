"""The definitions of one base at this moment: one cell that all its contexts share.

See docs/adr/0024-definitions-while-serving.md.
"""

import asyncio
from dataclasses import dataclass, field

from fhir_server.spec.spec import Spec


@dataclass(slots=True, eq=False)
class Current:
    """`spec` is swapped whole when a stored SearchParameter changes; it is never changed itself.

    `version` is the store's number of that change, `heard` when this process last asked for it, in
    seconds of the loop; `since` when the spec was swapped, in µs. `told` are the stored parameters
    that cannot be used, by url, with the reason.
    """

    spec: Spec
    version: int = 0
    heard: float = float("-inf")
    since: int = 0
    told: dict[str, str] = field(default_factory=dict)
    asking: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
