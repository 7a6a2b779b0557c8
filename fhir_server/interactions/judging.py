"""Judging: a resource is validated, and what only the store knows is asked there in between.

Validation itself is pure: it is run, its open questions are answered, and it is run again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, TypeVar

from fhir_server.access.decide import DEFINE
from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Forbidden, Issue, Unavailable
from fhir_server.fhir.reference import parse, relative
from fhir_server.interactions.aside import aside
from fhir_server.interactions.context import Context
from fhir_server.search.condition import AnyOf
from fhir_server.spec.spec import Spec
from fhir_server.spec.tables import SpecError
from fhir_server.terminology.packed import packed
from fhir_server.terminology.ucum import canonical
from fhir_server.validation.profiles.claims import wanted_profiles
from fhir_server.validation.profiles.support import support_issues
from fhir_server.validation.profiles.walk import Strictness
from fhir_server.validation.questions import Question, Questions
from fhir_server.validation.validator import Definitions, rule_issues

T = TypeVar("T")
# Each round may find what the one before could not ask for.
ROUNDS, MOST, SECONDS = 8, 200, 10.0
_PROFILE = "StructureDefinition"


async def judged(context: Context, resource: Mapping[str, Any], size: int = 0) -> Sequence[Issue]:
    """Give what is wrong with a resource whose structure is well, as far as the settings ask.

    Nothing is awaited where nothing has to be asked, and its `size` in bytes is not large. Raises
    Unavailable.
    """
    limits = context.limits
    level = limits.validation
    if level == "structure":
        return ()
    if level == "base":
        return await _asked(context, resource, (), None, size)
    wanted = wanted_profiles(resource, limits.required_profiles)
    return await against(context, resource, wanted, size)


async def against(
    context: Context, resource: Mapping[str, Any], profiles: Sequence[str], size: int = 0
) -> Sequence[Issue]:
    """Give what is wrong with a resource whose structure is well, by base rules and profiles."""
    limits = context.limits
    strict = Strictness(limits.unknown_profile, limits.unknown_extension)
    return await _asked(context, resource, profiles, strict, size)


async def unsupported(
    context: Context, resource: Mapping[str, Any], profiles: Sequence[str]
) -> Sequence[Issue]:
    """Give an information for each must-support element of these profiles that is missing.

    The structure of the resource is well; a profile that cannot be used is passed over.
    """
    known = definitions(context.spec)

    def missing(questions: Questions) -> list[Issue]:
        found: list[Issue] = []
        for profile in profiles:
            with suppress(SpecError):
                found += (
                    replace(one, diagnostics=f"{one.diagnostics} (profile {profile})")
                    for one in support_issues(known, profile, resource, questions)
                )
        return found

    return await answered(context, missing)


async def _asked(
    context: Context,
    resource: Mapping[str, Any],
    profiles: Sequence[str],
    strict: Strictness | None,
    size: int,
) -> Sequence[Issue]:
    known = definitions(context.spec)
    return await answered(
        context,
        lambda questions: rule_issues(known, resource, profiles, questions, strict),
        size,
    )


async def answered(context: Context, run: Callable[[Questions], T], size: int = 0) -> T:
    """Give what `run` gives when all it asks is answered, as far as that can be told.

    It looks at so many bytes: see `aside`.
    """
    found: dict[Question, Any] = {}
    questions = Questions(context.answers.of(found))
    deadline = None
    for _ in range(ROUNDS):
        answer = await aside(size, run, questions)
        if not questions.open or len(found) >= MOST:
            break
        deadline = deadline or asyncio.get_running_loop().time() + SECONDS
        asked = sorted(questions.open)[: MOST - len(found)]
        questions.open.clear()
        await _answer(context, asked, found, deadline)
    return answer


@lru_cache(maxsize=16)
def definitions(spec: Spec) -> Definitions:
    """Give what came with the server, in the form validation asks it."""

    def profile(url_version: str) -> Mapping[str, Any] | None:
        url, _, version = url_version.partition("|")
        listed = spec.canonicals.find(_PROFILE, url)
        return next((one for one in listed if version in ("", one.get("version", ""))), None)

    return Definitions(spec, packed(spec.canonicals).member, profile, canonical)


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
        context.answers.put(question, answer)
    return answer


async def _member(context: Context, value_set: str, system: str, code: str) -> bool | None:
    allow = partial(context.allow, DEFINE)
    return await context.terminology.validate_code(allow, value_set, system, code)


async def _definition(type_: str, context: Context, asked: str) -> Mapping[str, Any] | None:
    """Give the resource stored under a canonical, the newest where several are."""
    url, _, version = asked.partition("|")
    allow = context.allow(DEFINE, type_)
    page = await context.store.search(allow, type_, AnyOf("x.url", (url,)), limit=50)
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
    "profile": partial(_definition, _PROFILE),
    "questionnaire": partial(_definition, "Questionnaire"),
    "measure": partial(_definition, "Measure"),
    "resolve": _resolve,
}
