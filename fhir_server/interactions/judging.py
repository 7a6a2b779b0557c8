"""Judging: a resource is validated, and what only the store knows is asked there in between.

Validation itself is pure: it is run, its open questions are answered, and it is run again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Forbidden, Issue, Unavailable
from fhir_server.fhir.reference import parse, relative
from fhir_server.interactions.context import Context
from fhir_server.search.condition import AnyOf
from fhir_server.spec.spec import Spec
from fhir_server.terminology.packed import packed
from fhir_server.validation.questions import Question, Questions
from fhir_server.validation.validator import Definitions, rule_issues

# Each round may find what the one before could not ask for.
ROUNDS, MOST, SECONDS = 8, 200, 10.0
_PROFILE = "StructureDefinition"


async def judged(context: Context, resource: Mapping[str, Any]) -> Sequence[Issue]:
    """Give what is wrong with a resource whose structure is well, as far as the settings ask.

    Nothing is awaited where nothing has to be asked. Raises Unavailable.
    """
    level = context.limits.validation
    if level == "structure":
        return ()
    claimed = resource.get("meta", {}).get("profile", ()) if level == "profiles" else ()
    return await against(context, resource, [one for one in claimed if one])


async def against(
    context: Context, resource: Mapping[str, Any], profiles: Sequence[str]
) -> Sequence[Issue]:
    """Give what is wrong with a resource whose structure is well, by base rules and profiles."""
    known = definitions(context.spec)
    found: dict[Question, Any] = {}
    questions = Questions(context.answers.of(context.caller, found))
    deadline = None
    for _ in range(ROUNDS):
        issues = rule_issues(known, resource, profiles, questions)
        if not questions.open or len(found) >= MOST:
            break
        deadline = deadline or asyncio.get_running_loop().time() + SECONDS
        asked = sorted(questions.open)[: MOST - len(found)]
        questions.open.clear()
        await _answer(context, asked, found, deadline)
    return issues


@lru_cache(maxsize=16)
def definitions(spec: Spec) -> Definitions:
    """Give what came with the server, in the form validation asks it."""

    def profile(canonical: str) -> Mapping[str, Any] | None:
        url, _, version = canonical.partition("|")
        listed = spec.canonicals.find(_PROFILE, url)
        return next((one for one in listed if version in ("", one.get("version", ""))), None)

    return Definitions(spec, packed(spec.canonicals).member, profile)


async def _answer(
    context: Context, asked: Sequence[Question], found: dict[Question, Any], deadline: float
) -> None:
    """Answer questions, None where nobody can tell or the time is over."""
    try:
        async with asyncio.timeout_at(deadline):
            for question in asked:
                found[question] = await _one(context, question)
    except TimeoutError:
        found.update((question, None) for question in asked if question not in found)


async def _one(context: Context, question: Question) -> Any:
    kind, *arguments = question
    try:
        answer = await _ASK[kind](context, *arguments)
    except Unavailable:
        raise
    except FhirError:
        # It is unknown, too large, or not for this caller: it cannot be told.
        answer = None
    if kind != "resolve":
        context.answers.put(context.caller, question, answer)
    return answer


async def _member(context: Context, value_set: str, system: str, code: str) -> bool:
    allow = partial(context.allow, "read")
    known = await context.terminology.expand(allow, value_set)
    return (system, code) in known if system else any(code == one for _, one in known)


async def _profile(context: Context, canonical: str) -> Mapping[str, Any] | None:
    """Give the StructureDefinition stored under a canonical, the newest where several are."""
    url, _, version = canonical.partition("|")
    allow = context.allow("read", _PROFILE)
    page = await context.store.search(allow, _PROFILE, AnyOf("x.url", (url,)), limit=50)
    fitting = [json.reload(one.body or b"{}") for one in page.found]
    fitting = [one for one in fitting if version in ("", one.get("version", ""))]
    return max(fitting, key=lambda one: str(one.get("version", "")), default=None)


async def _resolve(context: Context, reference: str) -> Mapping[str, Any] | None:
    """Give the resource of this server a reference leads to."""
    target = parse(relative(reference, (context.base_url,)))
    if target.kind != "relative" or target.type not in context.spec.types:
        raise Forbidden("Only what is stored here is looked at.")
    allow = context.allow("read", target.type)
    stored = await context.store.read(allow, target.type, target.id)
    return json.reload(stored.body) if stored and stored.body else None


_ASK: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "member": _member,
    "profile": _profile,
    "resolve": _resolve,
}
