"""Bundles built by splicing stored bytes: no resource is decoded on its way out.

https://hl7.org/fhir/R4/bundle.html
"""

from collections.abc import Iterable, Sequence
from typing import Any

from fhir_server.fhir import json

Link = tuple[str, str]


def bundle(
    kind: str,
    entries: Iterable[bytes],
    *,
    identity: str,
    updated: str,
    links: Sequence[Link] = (),
    total: int | None = None,
) -> bytes:
    """Serialise a Bundle of type `kind` from already serialised entries.

    `updated` is meta.lastUpdated; `links` are (relation, url) pairs; `total` is left out if None.
    """
    start = head(kind, identity=identity, updated=updated, links=links, total=total)
    return spliced(start, [piece for entry in entries for piece in (b",", entry)])


def head(
    kind: str, *, identity: str, updated: str, links: Sequence[Link] = (), total: int | None = None
) -> bytes:
    """Serialise a Bundle without entries: see `bundle`."""
    told: dict[str, Any] = {
        "resourceType": "Bundle",
        "id": identity,
        "meta": {"lastUpdated": updated},
        "type": kind,
    }
    if total is not None:
        told["total"] = total
    if links:
        told["link"] = [{"relation": relation, "url": url} for relation, url in links]
    return json.dump(told)


def spliced(start: bytes, pieces: Sequence[bytes]) -> bytes:
    """Give a Bundle of its head and pieces of entries, each entry with a comma before it.

    What is copied once more is a large page's cost.
    """
    if not pieces:
        return start
    return b"".join((start[:-1], b',"entry":[', pieces[0][1:], *pieces[1:], b"]}"))


def search_entry(full_url: str, body: bytes, mode: str = "match") -> bytes:
    """Serialise one entry of a searchset; `mode` is match, include or outcome."""
    return b'{"fullUrl":%b,"resource":%b,"search":{"mode":"%b"}}' % (
        json.dump(full_url),
        body,
        mode.encode(),
    )


def search_entries(
    urls: Sequence[str], bodies: Sequence[bytes], mode: str = "match"
) -> list[bytes]:
    """Give the pieces of a searchset's entries: fullUrls, and the resources in step with them."""
    behind = b',"search":{"mode":"%b"}}' % mode.encode()
    pieces = [b',{"fullUrl":', b"", b',"resource":', b"", behind] * len(urls)
    # JSON has no line break in a string.
    pieces[1::5] = json.dump_lines(urls).splitlines()
    pieces[3::5] = bodies
    return pieces


def outcome_entry(body: bytes) -> bytes:
    """Serialise the entry that carries a searchset's warnings."""
    return b'{"resource":%b,"search":{"mode":"outcome"}}' % body


def history_entry(
    full_url: str, body: bytes | None, request: dict[str, str], response: dict[str, str]
) -> bytes:
    """Serialise one entry of a history Bundle; a deletion has no body."""
    resource = b"" if body is None else b',"resource":' + body
    return b'{"fullUrl":%b%b,"request":%b,"response":%b}' % (
        json.dump(full_url),
        resource,
        json.dump(request),
        json.dump(response),
    )


def response_entry(
    full_url: str | None,
    body: bytes | None,
    response: dict[str, Any],
    outcome: bytes | None = None,
) -> bytes:
    """Serialise one entry of a batch-response or transaction-response."""
    url = b"" if full_url is None else b'"fullUrl":' + json.dump(full_url) + b","
    resource = b"" if body is None else b'"resource":' + body + b","
    told = json.dump(response)
    if outcome is not None:
        told = told[:-1] + b',"outcome":' + outcome + b"}"
    return b"{" + url + resource + b'"response":' + told + b"}"
