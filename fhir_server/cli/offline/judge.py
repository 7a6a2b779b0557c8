"""Judge: what is wrong with the resources of a piece, told from the definitions alone.

https://hl7.org/fhir/R4/validation.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fhir_server.cli.offline.pieces import Piece
from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Invalid, Issue
from fhir_server.interactions.judging import definitions
from fhir_server.interactions.write import misdefined
from fhir_server.spec.spec import Spec
from fhir_server.spec.xml import from_xml
from fhir_server.validation.profiles.claims import nominated
from fhir_server.validation.questions import Questions
from fhir_server.validation.validator import Strictness, issues

_BLANK = b" \t\r\n\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Judged:
    """One resource: the file and, of NDJSON, the line it is in; `Type/id`, '' if it has none.

    No issue: all is well. One of severity `fatal`: it could not be read.
    """

    file: str
    line: int
    resource: str
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """`profiles` are to be met by every resource, `required` by those of a type.

    `limit` is the most bytes of a resource.
    """

    spec: Spec
    profiles: Sequence[str]
    required: Mapping[str, Sequence[str]]
    strict: Strictness
    limit: int

    def of(self, piece: Piece) -> list[Judged]:
        """Give what is wrong with each resource of a piece; never raises for what is in a file."""
        if piece.unread:
            return [_unread(piece.file, Issue("exception", piece.unread))]
        if piece.lines is not None:
            return [self._one(piece.file, body, line) for line, body in piece.lines]
        try:
            with piece.file.open("rb") as stream:
                body = stream.read(self.limit + 1)
        except OSError as error:
            told = f"The file cannot be read: {error.strerror or error}"
            return [_unread(piece.file, Issue("exception", told))]
        return [self._one(piece.file, body)]

    def unknown(self) -> Iterator[str]:
        """Yield the profiles nothing is known of."""
        known = definitions(self.spec)
        return (one for one in self.profiles if known.profile(one.partition("#")[0]) is None)

    def _one(self, file: Path, body: bytes, line: int = 0) -> Judged:
        try:
            resource = self._read(file, body, line)
        except FhirError as failure:
            return _unread(file, *failure.issues, line=line)
        try:
            found = tuple(self._issues(resource))
        except Exception as error:  # noqa: BLE001 - one odd resource does not end the others' report
            told = f"The validator failed on this resource ({error!r:.200}); please report that."
            found = (Issue("exception", told, severity="fatal"),)
        return Judged(str(file), line, _label(resource), found)

    def _read(self, file: Path, body: bytes, line: int) -> dict[str, Any]:
        if len(body) > self.limit:
            what = "line" if line else "file"
            told = f"The {what} has more than {self.limit} bytes: raise FHIR_MAX_BODY_BYTES."
            raise Invalid(told, code="too-long")
        is_xml = not line and file.suffix.lower() != ".json" and _looks_like_xml(file, body)
        return from_xml(self.spec.structures, body) if is_xml else json.parse_object(body)

    def _issues(self, resource: dict[str, Any]) -> Sequence[Issue]:
        required = self.required.get(str(resource.get("resourceType")), ())
        asked = list(dict.fromkeys([*required, *self.profiles]))
        said = issues(definitions(self.spec), resource, asked, Questions(), self.strict)
        said = [nominated(one, self.profiles) for one in said]
        wrong = any(one.severity == "error" for one in said)
        return said if wrong else [*misdefined(self.spec, resource), *said]


def _looks_like_xml(file: Path, body: bytes) -> bool:
    return file.suffix.lower() == ".xml" or body.lstrip(_BLANK)[:1] == b"<"


def _unread(file: Path, *issues: Issue, line: int = 0) -> Judged:
    return Judged(str(file), line, "", tuple(replace(one, severity="fatal") for one in issues))


def _label(resource: Mapping[str, Any]) -> str:
    named = (resource.get("resourceType"), resource.get("id"))
    return "/".join(one[:64] for one in named if isinstance(one, str))
