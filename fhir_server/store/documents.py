"""What the store keeps and gives: a Change on its way in, a Stored version on its way out.

Live documents stand in the collection named after their type, as
`{_id, v, ts, body | chunks, method, created?, owner?, f, x}`; superseded versions and tombstones in
`<Type>_history`, as `{_id: "<id>/<v>", id, v, ts, end?, body | chunks | deleted, method, …, x}`;
the tombstones of what is deleted now once more in `tombstones`, as `{_id: "<Type>/<id>", …}`.
`created` marks the version that brought a deleted resource back, `owner` whose submission made the
resource (store/owner). `ts` is int microseconds since the Unix epoch, UTC; `end` is the ts of the
version that follows.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, TypeVar

import msgspec

from fhir_server.fhir import json
from fhir_server.fhir.dates import instant
from fhir_server.fhir.errors import Invalid

Method = Literal["create", "update", "patch", "delete", "purge", "purge-history"]
Document = dict[str, Any]

# After these there is no such resource.
ENDS = frozenset({"delete", "purge"})

Item = TypeVar("Item")
PORTION = 100
_NONE: Mapping[str, Any] = {}

_TYPE = re.compile(r"[A-Z][A-Za-z0-9]{0,63}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)


class Change(msgspec.Struct, frozen=True):
    """One write on its way to the database; what `meta` says of version and time is put in there.

    `fields` are the index fields of `resource` (search/index), `index_format` the format they are
    in. `expected`: the version the caller saw, 412 when it is not the current one.
    `must_not_exist`: the id was made by this server, nothing can stand there. `unheard`: what is
    known says that nothing stands there, unless it was deleted; where that is wrong the transaction
    is run again. `must_exist`: 404 where nothing stands. `integrity`: what the resource refers to
    must exist, and what others refer to is not deleted. `lifts_hold`: this version may be without
    the legal hold of the one before (store/hold); `lifts_labels`: without its sensitivity labels
    (store/labels). A `purge` erases the resource and its versions, a `purge-history` the superseded
    ones. `owner` is noted where this makes the resource; `owners` are those whose resources may be
    written, None anybody's.
    """

    type: str
    id: str
    method: Method
    resource: Document | None = None
    fields: Document = msgspec.field(default_factory=dict)
    index_format: str = ""
    expected: int | None = None
    must_not_exist: bool = False
    unheard: bool = False
    must_exist: bool = False
    integrity: bool = False
    place: str = ""
    lifts_hold: bool = False
    lifts_labels: bool = False
    owner: str = ""
    owners: frozenset[str] | None = None


class Stored(msgspec.Struct, frozen=True):
    """One version of one resource: `body` is its exact JSON, None when `deleted`.

    Version 0, deleted, is what a delete gives of a resource that never was. `created`: this version
    made the resource, by whichever method. What a commit gives says too whether it `changed`
    anything; where all was as wanted it neither changed nor created. `patients` are the ids of
    those whose compartment it is in.
    """

    type: str
    id: str
    version: int
    ts: int
    body: bytes | None
    deleted: bool = False
    method: Method = "update"
    changed: bool = True
    created: bool = False
    patients: tuple[str, ...] = ()


class Page(msgspec.Struct, frozen=True):
    """One page of a search: `more` rows follow.

    `first` and `last` hold the sort values of the first and the last row; `fields` by id the index
    fields that were asked for, without `x.`.
    """

    found: tuple[Stored, ...]
    more: bool = False
    first: tuple[Any, ...] = ()
    last: tuple[Any, ...] = ()
    fields: Mapping[str, Mapping[str, Any]] = {}


def check_key(type_: str, id_: str | None = None) -> None:
    """Raise Invalid when these cannot be a resource type and id, before they name a collection.

    https://hl7.org/fhir/R4/datatypes.html#id
    """
    if not isinstance(type_, str) or not _TYPE.fullmatch(type_):
        raise Invalid("This is not a resource type.", code="value")
    if id_ is not None and (not isinstance(id_, str) or not _ID.fullmatch(id_)):
        raise Invalid("This is not a resource id.", code="value")


def portions(items: Collection[Item]) -> Iterator[list[Item]]:
    """Give what is asked for some at a time: the embedded server compares each row with each id."""
    listed = list(items)
    for start in range(0, len(listed), PORTION):
        yield listed[start : start + PORTION]


def stamped(change: Change, version: int, ts: int) -> bytes:
    """Serialise the change's resource with its id, `meta.versionId` and `meta.lastUpdated`.

    https://hl7.org/fhir/R4/resource.html#Meta
    """
    resource = change.resource or {}
    meta = {"versionId": str(version), "lastUpdated": instant(ts)}
    given = resource.get("meta")
    if isinstance(given, Mapping):
        meta |= {name: value for name, value in given.items() if name not in meta}
    head = {"resourceType": change.type, "id": change.id, "meta": meta}
    return json.dump(head | {name: value for name, value in resource.items() if name not in head})


def stored(type_: str, document: Mapping[str, Any]) -> Stored:
    """Give the version a live or a history document holds; its body must be in place."""
    get, version = document.get, int(document["v"])
    return Stored(
        type_,
        get("id") or document["_id"],
        version,
        int(document["ts"]),
        get("body"),
        get("deleted", False),
        get("method", "update"),
        created=version == 1 or get("created", False),
        patients=tuple(get("x", _NONE).get("_patient", ())),
    )


def matched(type_: str, document: Mapping[str, Any]) -> Stored:
    """Give a match of which only the id, the body and whose it is were read: version and ts 0."""
    whose = document.get("x")
    patients = tuple(whose.get("_patient", ())) if whose else ()
    return Stored(type_, document["_id"], 0, 0, document["body"], patients=patients)
