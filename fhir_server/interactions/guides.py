"""ImplementationGuides: the packages this server was started with, as resources of the base.

https://hl7.org/fhir/R4/implementationguide.html
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Conflict
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import built, change, deletion
from fhir_server.search.condition import AnyOf
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction

TYPE = "ImplementationGuide"
TAG = {"system": "http://fhir-server.vn/CodeSystem/origin", "code": "package"}
MAX_GUIDES = 1_000
_NO_ID = re.compile(r"[^A-Za-z0-9.-]+")


async def listed(context: Context, guides: Mapping[str, Mapping[str, Any]]) -> None:
    """Make the base hold these guides, by label, and no others that came with packages.

    Where processes that start together come between each other, the last one's are there.
    """

    async def plan(transaction: Transaction) -> Sequence[Change]:
        wanted = {_id(label): guide for label, guide in guides.items()}
        gone = [id_ for id_ in await _stored(context) if id_ not in wanted]
        changes = [deletion(context, TYPE, id_) for id_ in gone]
        for id_, guide in sorted(wanted.items()):
            if (new := await _changed(context, transaction, id_, guide)) is not None:
                changes.append(new)
        return changes

    try:
        await context.store.transact(partial(context.allow, "update"), plan)
    except Conflict:
        # Another process did the same at the same moment.
        return


async def _stored(context: Context) -> Sequence[str]:
    tagged = AnyOf("x._tag", (f"{TAG['system']}|{TAG['code']}",))
    allow = context.allow("search-type", TYPE)
    page = await context.store.search(allow, TYPE, tagged, limit=MAX_GUIDES)
    return [row.id for row in page.found]


async def _changed(
    context: Context, transaction: Transaction, id_: str, guide: Mapping[str, Any]
) -> Change | None:
    resource = {**guide, "id": id_, "meta": {"tag": [TAG]}}
    stored = await transaction.read(TYPE, id_)
    if stored is not None and _same(json.reload(stored.body or b"{}"), resource):
        return None
    return change(context, TYPE, id_, built(context, TYPE, resource), method="update")


def _same(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    plain = [
        {key: value for key, value in one.items() if key != "meta"} for one in (stored, wanted)
    ]
    return plain[0] == plain[1]


def _id(label: str) -> str:
    """Give the id of `name#version`: what an id may not have becomes a hyphen."""
    return _NO_ID.sub("-", label)[:64]
