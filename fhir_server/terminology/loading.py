"""Loading: a source's concepts into the store, with the closure of their hierarchy.

In memory are the edges of the hierarchy and one batch of concepts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from typing import Any

from fhir_server.fhir.errors import Invalid, Unavailable
from fhir_server.search.fold import fold
from fhir_server.store.concept_loads import ConceptLoads
from fhir_server.store.concepts import Concept, Loaded, document_of
from fhir_server.store.documents import Document
from fhir_server.terminology.closure import closure
from fhir_server.terminology.sources.source import Edge, Source

_BATCH = 500
MAX_CODE = 256


async def load(
    loads: ConceptLoads, source: Source, *, replaces: bool, told: Callable[[int], None]
) -> Loaded:
    """Load a source; `told` gets how many concepts were kept since it was last called.

    It is seen when all of it is there; what fails on the way leaves nothing behind. Raises Invalid
    for a version that is there, unless this load `replaces` it, and for what cannot be read.
    """
    if not source.version:
        raise Invalid("The version is not in the file; name it with --version.", code="required")
    there = await loads.versions(source.url, source.version)
    if there and not replaces:
        raise Invalid(
            f"{source.url} version {source.version} is loaded, or being loaded; "
            "--replace loads it anew.",
            code="duplicate",
        )
    loaded = await loads.begin(source.url, source.version, source.properties)
    try:
        parents = _parents(source.edges())
        count = 0
        for rows in _batches(_documents(source.concepts(), parents)):
            await loads.add(loaded, rows)
            count += len(rows)
            told(len(rows))
        return await loads.finish(loaded, count)
    except BaseException:
        with suppress(Unavailable):
            await loads.drop(loaded)
        raise


def _parents(edges: Iterable[Edge]) -> Mapping[str, tuple[str, ...]]:
    """Give what each code is directly a kind of; equal texts are kept once."""
    found: dict[str, tuple[str, ...]] = {}
    known: dict[str, str] = {}
    for edge in edges:
        lower, upper = (known.setdefault(code, code) for code in edge)
        there = found.get(lower, ())
        if upper != lower and upper not in there:
            found[lower] = (*there, upper)
    return found


def _documents(
    concepts: Iterable[Concept], parents: Mapping[str, tuple[str, ...]]
) -> Iterator[Document]:
    for concept in concepts:
        code = concept.code
        if not code or len(code) > MAX_CODE:
            raise Invalid(f"A code has 1 to {MAX_CODE} letters; this is none: {code[:64]!r}.")
        texts = [concept.display, *(one.value for one in concept.designations)]
        words = {word for text in texts for word in fold(text).split(" ") if word}
        whole = replace(concept, parents=parents.get(code, ()))
        yield document_of(whole, closure(parents, code), words)


def _batches(rows: Iterator[Document]) -> Iterator[list[Document]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def header(source: Source, loaded: Loaded) -> dict[str, Any]:
    """Give the CodeSystem resource that tells of a load, under an id made of url and version.

    It is `not-present`, for it has no concept itself, and says in `count` how many there are.
    https://hl7.org/fhir/R4/codesystem-definitions.html#CodeSystem.content
    """
    return {
        "resourceType": "CodeSystem",
        "id": header_id(loaded),
        **({"language": source.language} if source.language else {}),
        "url": loaded.url,
        "version": loaded.version,
        "title": source.title,
        "status": "active",
        **({"copyright": source.notice} if source.notice else {}),
        "caseSensitive": True,
        "hierarchyMeaning": "is-a",
        "content": "not-present",
        "count": loaded.count,
        "property": [{"code": name, "type": type_} for name, type_ in loaded.properties.items()],
    }


def header_id(loaded: Loaded) -> str:
    """Give the id of that resource."""
    digest = sha256(f"{loaded.url}|{loaded.version}".encode()).hexdigest()
    return f"loaded-{digest[:24]}"
