"""A job as its caller sees it: put on the queue, looked at, cancelled, its answer fetched."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fhir_server.access.caller import Caller, frozen, thawed
from fhir_server.fhir import json
from fhir_server.fhir.errors import TooManyRequests
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.interactions.context import Context
from fhir_server.store.documents import Document

_RETRY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Job:
    """One job, as its document in the store has it; `kind` says what runs.

    `token` fences its claim, `attempts` counts its claims since the last checkpoint; `text` and
    `percent` say how far it is.
    """

    document: Document

    @property
    def id(self) -> str:
        """The job's id."""
        return str(self.document["_id"])

    @property
    def kind(self) -> str:
        """The name in the table of kinds."""
        return str(self.document["kind"])

    @property
    def caller(self) -> Caller:
        """Who put it on the queue, and what that caller may do."""
        return thawed(self.document["caller"])

    @property
    def token(self) -> int:
        """The number of its claim."""
        return int(self.document["token"])

    @property
    def attempts(self) -> int:
        """How often it was claimed since the last checkpoint."""
        return int(self.document["attempts"])

    @property
    def input(self) -> dict[str, Any]:
        """What it was put on the queue with."""
        return json.parse_object(self.document["input"])

    @property
    def checkpoint(self) -> dict[str, Any]:
        """What a worker noted last; empty before the first note."""
        return json.parse_object(self.document["checkpoint"])

    @property
    def progress(self) -> str:
        """How far it is, in words."""
        state, text, percent = (self.document[name] for name in ("state", "text", "percent"))
        return f"{text or state} ({percent} %)" if percent is not None else text or state

    @property
    def ended(self) -> bool:
        """Say whether there is an answer."""
        return self.document["state"] in ("done", "failed")

    @property
    def expires(self) -> datetime:
        """When the answer of a job that has ended will be forgotten."""
        # The driver gives UTC without saying so.
        expires: datetime = self.document["expires"].replace(tzinfo=UTC)
        return expires


async def put(context: Context, kind: str, input_: dict[str, Any], body: bytes = b"") -> str:
    """Put a job of the context's caller on the queue and give its id.

    Raises TooManyRequests where as many of the caller's wait already as the limit allows.
    """
    caller, most = context.caller, context.limits.max_jobs
    if await context.store.jobs.waiting(caller.owner) >= most:
        told = f"{most} jobs of yours wait already; try again when one has ended, or cancel one."
        raise TooManyRequests(told, headers=[("Retry-After", str(_RETRY_SECONDS))])
    id_ = context.new_id()
    # What is reached is looked up again when it is run.
    kept = {**frozen(caller), "owner": caller.owner}
    await context.store.jobs.put(id_, kind, kept, json.dump(input_), body)
    return id_


async def find(context: Context, id_: str) -> Job | None:
    """Give a job of the context's caller; None for another's, one cancelled or long gone."""
    document = await context.store.jobs.find(id_, context.caller.owner)
    return None if document is None else Job(document)


async def cancel(context: Context, id_: str) -> bool:
    """End a job of the context's caller, or forget its answer; False where there is none."""
    return await context.store.jobs.cancel(id_, context.caller.owner)


async def answer(context: Context, done: Job) -> FhirResponse:
    """Give what a job that has ended answered."""
    head, body = await context.store.jobs.answer(done.document)
    told = json.parse(head)
    headers = tuple((name, value) for name, value in told["headers"])
    return FhirResponse(told["status"], body, headers, told["content_type"])


def head(response: FhirResponse) -> bytes:
    """Serialise an answer without its body, as `answer` reads it."""
    return json.dump(
        {
            "status": response.status,
            "headers": list(response.headers),
            "content_type": response.content_type,
        }
    )
