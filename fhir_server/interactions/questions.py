"""A search's questions before the store is asked: what may be seen on the way, what codes mean.

https://hl7.org/fhir/R4/search.html#chaining and https://hl7.org/fhir/R4/search.html#token
"""

from functools import partial

from msgspec import structs

from fhir_server.fhir.errors import Forbidden, Invalid
from fhir_server.interactions.context import Context
from fhir_server.search.condition import (
    And,
    AnyOf,
    Chained,
    Coded,
    Condition,
    Element,
    Not,
    Nothing,
    Or,
    Referring,
    Subtree,
    both,
    either,
    is_open,
)
from fhir_server.search.types import token
from fhir_server.store.transact import Transaction


async def settled(context: Context, type_: str, condition: Condition) -> Condition:
    """Give a condition the store can be asked with, for a search.

    Raises what the terminology raises, and Unprocessable (too-costly) for a hierarchy too large.
    """
    if not is_open(condition):
        return condition
    return await context.store.settled(type_, await answered(context, condition))


async def plain(
    context: Context, transaction: Transaction, type_: str, condition: Condition
) -> Condition:
    """Give a condition without questions, for a write that depends on it.

    Raises as `settled` does, and Unprocessable (too-costly) for a join of too many.
    """
    if not is_open(condition):
        return condition
    return await transaction.plain(type_, await answered(context, condition))


async def answered(context: Context, condition: Condition) -> Condition:
    """Give the condition with codes looked up and every join narrowed to what the caller may see.

    What is out of the caller's sight is not there. Raises Forbidden for a join through a type that
    the caller may not search: nothing found would be an answer. Of several types that one hop may
    lead to, those are asked that may be.
    """
    if not is_open(condition):
        return condition
    match condition:
        case And() | Element():
            parts = [await answered(context, part) for part in condition.parts]
            found = structs.replace(condition, parts=tuple(parts))
            return both(*parts) if isinstance(condition, And) else found
        case Or():
            return await _any(context, condition)
        case Not():
            return Not(await answered(context, condition.part))
        case Coded():
            return await _coded(context, condition)
        case _:
            return await _narrowed(context, condition)


async def _any(context: Context, condition: Or) -> Condition:
    parts: list[Condition] = []
    asked, refused = False, None
    for part in condition.parts:
        try:
            parts.append(await answered(context, part))
            asked |= isinstance(part, Chained | Referring)
        except Forbidden as error:
            if not isinstance(part, Chained | Referring):
                raise
            refused = error
    if refused and not asked:
        raise refused
    return either(*parts)


async def _narrowed(context: Context, condition: Condition) -> Condition:
    if not isinstance(condition, Chained | Referring | Subtree):
        return condition
    allow = context.allow("search-type", condition.type)
    inner = both(await answered(context, condition.condition), allow)
    return Nothing() if inner == Nothing() else structs.replace(condition, condition=inner)


def allowed(context: Context, type_: str) -> Condition:
    """Give what of a type the caller may search; Nothing where it is not allowed at all."""
    try:
        return context.allow("search-type", type_)
    except Forbidden:
        return Nothing()


async def _coded(context: Context, asked: Coded) -> Condition:
    allow = partial(context.allow, "read")
    if asked.relation == "in":
        return _any_of(asked, set(await context.terminology.expand(allow, asked.value)))
    system, _, code = asked.value.partition("|")
    if not (system and code):
        raise Invalid(f":{asked.relation} takes system|code.", code="value")
    terms = context.terminology
    closure = terms.below if asked.relation == "below" else terms.above
    return _any_of(asked, {(system, one) for one in await closure(allow, system, code)})


def _any_of(asked: Coded, codes: set[tuple[str, str]]) -> Condition:
    # An element of type code has no system in the index: it is of those it is bound to.
    codes |= {("", code) for system, code in codes if system in asked.systems}
    texts = token.entries(sorted(codes))
    exact = tuple(text for text in texts if not text.startswith(f"{token.ANY_SYSTEM}|"))
    return AnyOf(asked.field, exact) if exact else Nothing()
