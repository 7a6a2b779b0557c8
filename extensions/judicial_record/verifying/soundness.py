"""Whether a certificate holds now: its signature, by the keys of now, and its place in the list."""

import asyncio
from collections.abc import Mapping
from typing import Any

from extensions.judicial_record.office import Office
from extensions.judicial_record.proof import keys, keyset, signing, status_list
from extensions.judicial_record.proof.keyset import PublicKey
from extensions.judicial_record.proof.reasons import Doubt
from fhir_server.interactions.context import Context
from fhir_server.store.fresh import Fresh

# How long the key set is not read again: a compromised key is trusted that much longer.
_SECONDS = 1.0

Json = Mapping[str, Any]


class Soundness:
    """Checks the signature and asks for the status each time: `await it(context, certificate)`."""

    def __init__(self, office: Office) -> None:
        """Nothing is read yet."""
        self._office = office
        self._fresh = Fresh(_SECONDS)

    async def __call__(self, context: Context, certificate: Json) -> bool:
        """Say whether signature and status hold now."""
        known = await self._fresh.get("keys", self._keys)
        try:
            proven = signing.check(certificate, known)
        except Doubt:
            return False
        if proven.issuer != certificate["issuer"]["reference"]:
            return False
        told = certificate["verification"]
        place = status_list.Place(told["statusList"].rpartition("/")[2], told["statusIndex"])
        return await status_list.status_now(context.store.records, place) == status_list.VALID

    async def _keys(self) -> Mapping[str, PublicKey]:
        return keyset.keyset(await asyncio.to_thread(keys.published, self._office.ring))
