"""What a write depends on: conditional interactions' queries, If-Match, If-None-Match.

https://hl7.org/fhir/R4/http.html#concurrency and https://www.rfc-editor.org/rfc/rfc9110#section-13
"""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from fhir_server.fhir.errors import Invalid, PreconditionFailed
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import only, searched, selection
from fhir_server.interactions.respond import version_number
from fhir_server.interactions.write import check_id, check_type
from fhir_server.interactions.writing import Matches, Preconditions, Write
from fhir_server.search.condition import Condition
from fhir_server.search.control import NAMES
from fhir_server.search.include import is_include
from fhir_server.store.documents import Stored
from fhir_server.store.transact import Transaction

_ANY = "*"
_MOST = 2


def aimed(context: Context, request: FhirRequest, target: Target) -> Condition | None:
    """Give the condition of a conditional write, None where the URL has an id; Invalid if neither.

    NotSupported for a type this base does not have.
    """
    type_ = target.type or ""
    check_type(context, type_)
    if target.id is None:
        return selecting(context, type_, selection(request))
    check_id(target.id)
    only(request)
    return None


def criteria(context: Context, type_: str, query: str) -> Condition:
    """Give the Condition of a query such as If-None-Exist's; it must select something."""
    return selecting(context, type_, parse_qsl(query.lstrip("?"), keep_blank_values=True))


def selecting(context: Context, type_: str, parameters: Sequence[tuple[str, str]]) -> Condition:
    """Give the Condition of a conditional interaction's parameters; Invalid for none of them."""
    if not parameters or any(name in NAMES or is_include(name) for name, _ in parameters):
        told = "&".join(name for name, _ in parameters)[:120]
        raise Invalid(f"A condition needs search criteria, and nothing else, not {told!r}.")
    return searched(context, type_, parameters).condition


def only_one(write: Write, matches: Matches) -> str | None:
    """Give the id the write's condition found, None for none; PreconditionFailed for several."""
    assert write.criteria is not None
    ids = matches[write.type, write.criteria]
    if len(ids) > 1:
        raise PreconditionFailed(f"The condition matches more than one {write.type}.")
    return ids[0] if ids else None


async def lock(transaction: Transaction, write: Write) -> None:
    """Make two writes that found nothing under one condition conflict: one sees what one made."""
    await transaction.lock(f"{write.type}?{write.criteria}")


def preconditions(headers: Mapping[str, str]) -> Preconditions:
    """Read If-Match and If-None-Match; Invalid for one that is no list of ETags."""
    return Preconditions(_tags(headers.get("if-match")), _tags(headers.get("if-none-match")))


def _tags(header: str | None) -> tuple[str, ...]:
    """Read a list of ETags; a version alone, without quotes, is taken as one too."""
    if header is None:
        return ()
    tags = tuple(part.strip().removeprefix("W/").strip('"') for part in header.split(","))
    if not all(tags):
        raise Invalid(f'An ETag list such as W/"3" is expected, not {header[:80]!r}.')
    return tags


async def expected(transaction: Transaction, write: Write, id_: str) -> int | None:
    """Give the version If-Match expects, None for any; PreconditionFailed where it cannot be.

    One version is left to the commit to compare; lists, `*` and If-None-Match are looked at here.
    """
    type_, match = write.type, write.preconditions.match
    none_match = write.preconditions.none_match
    if not match and not none_match:
        return None
    if len(match) == 1 and match[0] != _ANY and not none_match:
        if version := version_number(match[0]):
            return version
        raise PreconditionFailed(f"No version of {type_}/{id_} has the ETag {match[0][:80]}.")
    current = await transaction.read(type_, id_, write.code)
    if none_match and _names(none_match, current):
        raise PreconditionFailed(f"{type_}/{id_} is there already, and If-None-Match names it.")
    if match and not _names(match, current):
        raise PreconditionFailed(f"{type_}/{id_} is not at a version If-Match names.")
    return current.version if current and match else None


def _names(tags: Sequence[str], current: Stored | None) -> bool:
    return current is not None and (_ANY in tags or current.version in map(version_number, tags))
