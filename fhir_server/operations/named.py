"""What a terminology operation is about: the definition stored under the id, sent along, or known.

https://hl7.org/fhir/R4/terminology-service.html
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from fhir_server.fhir.errors import Invalid, NotFound, Unprocessable
from fhir_server.interactions.context import Context, Target
from fhir_server.operations.current import current, key
from fhir_server.terminology.cache import Definition
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.content import Allow
from fhir_server.terminology.known import Known
from fhir_server.terminology.packed import READ
from fhir_server.validation.structure import structural_issues

Named: TypeAlias = Definition | Known


@dataclass(frozen=True, slots=True)
class Inputs:
    """Names of the inputs that say what the operation is about: inline, by url, of a version."""

    type: str
    inline: str
    url: str = "url"
    version: str = "version"


def reading(context: Context, name: str, type_: str) -> Allow:
    """Give the access decision for what is read to answer, once the operation is allowed."""
    context.allow(name, type_)
    return partial(context.allow, "read")


async def named(
    context: Context,
    allow: Allow,
    target: Target,
    given: Mapping[str, Any],
    names: Inputs,
    *,
    codes: Collection[str] = (),
) -> Named:
    """Give the definition an operation is called on; it can be asked of these `codes`.

    Raises NotFound for one that is not here, Gone for one that was deleted, Invalid where none is
    named, and Unprocessable for one sent along that is not well made.
    """
    if target.id is not None:
        return await _stored(context, allow, target, codes)
    sent = given.get(names.inline)
    if sent is not None:
        made = _made(context, names, sent)
        with leading():
            return READ[names.type](made)
    url = given.get(names.url)
    if url is None:
        ways = " or ".join(one for one in (names.url, names.inline) if one)
        told = f"Say which {names.type}: call the operation on one, or give {ways}."
        raise Invalid(told, code="required")
    version = given.get(names.version)
    return await known(context, allow, names.type, f"{url}|{version}" if version else url, codes)


def _made(context: Context, names: Inputs, sent: Mapping[str, Any]) -> Mapping[str, Any]:
    told = str(sent.get("resourceType"))
    if told != names.type:
        raise Invalid(f"{names.inline} must be a {names.type}, not a {told[:64]!r}.")
    if issues := structural_issues(context.spec, dict(sent)):
        raise Unprocessable(issues=issues)
    return sent


async def _stored(
    context: Context, allow: Allow, target: Target, codes: Collection[str]
) -> Definition:
    type_, identity = key(context, target)
    content = context.terminology.content
    with leading():
        found = await content.by_id(allow, type_, identity)
        if isinstance(found, CodeSystem):
            found = await content.with_codes(found, codes)
    if found is None:
        await current(context, "read", type_, identity)
        raise NotFound(f"{type_}/{identity} is not known.")
    return found


async def known(
    context: Context, allow: Allow, type_: str, canonical: str, codes: Collection[str] = ()
) -> Named:
    """Give the definition a canonical names, to be asked of `codes`; NotFound without any."""
    content = context.terminology.content
    found: Named | None
    with leading():
        if type_ == "CodeSystem":
            found = await content.system(allow, canonical, codes)
        elif type_ == "ValueSet":
            found = await content.value_set(allow, canonical)
        else:
            found = await content.concept_map(allow, canonical)
    if found is None:
        told = f"The {type_} {canonical[:200]!r} is not known here: store it, or correct the URL."
        raise NotFound(told)
    return found


@contextmanager
def leading() -> Iterator[None]:
    """Turn what stands against an answer, though the request is well made, into Unprocessable."""
    try:
        yield
    except Invalid as failure:
        raise Unprocessable(issues=failure.issues) from None
