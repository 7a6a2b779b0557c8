"""Is this certificate good? A verdict from files alone: no network, no database, no clock.

The time is the caller's word.
What is wrong makes it not valid, what is missing leaves it unknown, what is old makes it stale;
valid is only what nothing speaks against.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from extensions.judicial_record.proof import log_proof, signing, status_list
from extensions.judicial_record.proof.canonical import digest
from extensions.judicial_record.proof.keyset import PublicKey
from extensions.judicial_record.proof.reasons import Doubt, Kind, worst
from fhir_server.fhir.dates import SECOND
from fhir_server.fhir.errors import FhirError
from fhir_server.fhir.json import parse_object

# How far clocks of issuer and verifier may differ.
SKEW_SECONDS = 60
# Not signed, and not judged either.
_UNPROVEN = ("meta", "statusReason")
_ENDED = ("revocation", "replacedBy")
_SAID = {
    status_list.REVOKED: "revoked",
    status_list.SUSPENDED: "suspended",
    status_list.SUPERSEDED: "superseded",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons` are keys of `reasons.json`, none where the kind is valid.

    `body` is what the signature is over, None where it is not good: show this, not the file.
    `status_at` is when the status list was signed, int seconds, None without one that is good.
    `unproven` names the elements of the file that nothing proves.
    """

    kind: Kind
    reasons: tuple[str, ...] = ()
    body: dict[str, Any] | None = None
    status_at: int | None = None
    unproven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verifier has beside certificate and keys; None is what it has not.

    `status` is a status list token, `paper` the bytes of a PDF, `log` a proof of inclusion.
    `max_age` says how old, in seconds, a status may be: the list's own `ttl` where it is None.
    """

    status: str | None = None
    paper: bytes | None = None
    log: Any = None
    max_age: int | None = None


def check(
    content: bytes | Mapping[str, Any],
    known: Mapping[str, PublicKey],
    at: int,
    evidence: Evidence = Evidence(),
) -> Verdict:
    """Judge a certificate, as JSON bytes or read, at a time, int µs since the epoch.

    `known` are the keys (`keyset.keyset`). Never raises for what is in the certificate or the
    evidence.
    """
    try:
        certificate = parse_object(content) if isinstance(content, bytes) else content
        proven = signing.check(certificate, known)
    except FhirError:
        return Verdict("not-valid", ("not-json",))
    except Doubt as doubt:
        return Verdict(worst((doubt.reason,)), (doubt.reason,))
    body = parse_object(proven.canonical)
    listed, doubts = _listed(proven, body, known, evidence)
    if listed:
        doubts += _status(listed, at // SECOND, evidence.max_age)
    doubts += _own_word(certificate)
    doubts += _asked(lambda: _paper(body, evidence.paper))
    doubts += _asked(lambda: _log(proven, known, evidence.log))
    unproven = tuple(name for name in _UNPROVEN if name in certificate)
    return Verdict(worst(doubts), doubts, body, listed.issued if listed else None, unproven)


def _asked(look: Callable[[], None]) -> tuple[str, ...]:
    try:
        look()
    except Doubt as doubt:
        return (doubt.reason,)
    return ()


def _listed(
    proven: signing.Proven,
    body: Mapping[str, Any],
    known: Mapping[str, PublicKey],
    evidence: Evidence,
) -> tuple[status_list.Listed | None, tuple[str, ...]]:
    """Give what the status list says of the place the signed body names."""
    uri, index = _verification(body, "statusList"), _verification(body, "statusIndex")
    if not isinstance(uri, str) or type(index) is not int:
        return None, ("not-a-certificate",)
    if evidence.status is None:
        return None, ("status-unknown",)
    try:
        return status_list.read(evidence.status, known, proven.issuer, uri, index), ()
    except Doubt as doubt:
        return None, (doubt.reason,)


def _status(listed: status_list.Listed, now: int, max_age: int | None) -> tuple[str, ...]:
    said = (_SAID[listed.status],) if listed.status in _SAID else ()
    good = listed.issued + (listed.ttl if max_age is None else max_age)
    if listed.issued > now + SKEW_SECONDS:
        return (*said, "status-ahead")
    return (*said, "status-stale") if now > min(good, listed.expires) else said


def _own_word(certificate: Mapping[str, Any]) -> tuple[str, ...]:
    """Believe a certificate that says it is in force no more, never one that says it is."""
    ended = certificate.get("status", "issued") != "issued"
    return ("not-issued",) if ended or any(name in certificate for name in _ENDED) else ()


def _paper(body: Mapping[str, Any], paper: bytes | None) -> None:
    if paper is not None and _verification(body, "documentHash") != digest(paper):
        raise Doubt("paper-differs")


def _log(proven: signing.Proven, known: Mapping[str, PublicKey], log: Any) -> None:
    """Ask for the log where the key was lost later: who has it can sign with a date before."""
    if log is not None:
        log_proof.check_inclusion(log, known, log_proof.event("issued", proven.canonical))
    elif proven.key.revoked:
        raise Doubt("key-needs-log")


def _verification(body: Mapping[str, Any], name: str) -> Any:
    found = body.get("verification")
    return found.get(name) if isinstance(found, dict) else None
