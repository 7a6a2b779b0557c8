"""The worker: claims jobs, keeps their leases, and gives back what it cannot end.

A kind of job is an async function from Work to its answer; the table of kinds is in main/parts.py.
"""

import asyncio
import logging
import random
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from fhir_server.access.caller import Caller
from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Forbidden, Issue, Unavailable
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context
from fhir_server.jobs import queue
from fhir_server.jobs.queue import Job
from fhir_server.store.jobs import LEASE, State

_log = logging.getLogger("fhir_server")

# Claims without a checkpoint between them, after which a job is given up.
MOST_ATTEMPTS = 5
POLL = 2.0
_LONGEST_PAUSE = 300.0
_REVOKED = "The access this job was asked with has been revoked."


class LostError(Exception):
    """The job was cancelled, or another worker has it: this one's work has no effect any more."""


@dataclass(frozen=True, slots=True)
class Work:
    """A job in the hands of a worker; `context` is the base seen by the job's caller."""

    context: Context
    job: Job

    async def body(self) -> bytes:
        """Give the bytes that were put with the job."""
        return await self.context.store.jobs.body(self.job.document)

    async def checkpoint(
        self, noted: Mapping[str, Any], text: str = "", percent: int | None = None
    ) -> None:
        """Note how far the job has come; LostError when it is no longer this worker's.

        A later worker finds what was noted last in `job.checkpoint`.
        """
        jobs, job = self.context.store.jobs, self.job
        if not await jobs.checkpoint(job.id, job.token, json.dump(noted), text, percent):
            raise LostError


# Whether what a caller was given (token, grant) still stands.
Standing = Callable[[Caller], Awaitable[bool]]


async def always(_: Caller) -> bool:
    """Say yes: where nothing is given nothing is taken back."""
    return True


Kind = Callable[[Work], Awaitable[FhirResponse]]
Kinds = Mapping[str, Kind]


@dataclass(frozen=True, slots=True)
class Worker:
    """Runs at most `at_once` jobs of one base; `beat` is how often a lease is renewed, in seconds.

    One that is asked to end gives its jobs back to the queue, and another goes on from their
    checkpoints; one that is killed keeps them until their leases run out. `standing` is asked
    before a job is run and whenever its lease is renewed: a job that may no more is stopped, and
    its next run ends with a 403.
    """

    context: Context
    kinds: Kinds
    at_once: int
    beat: float = LEASE / 6
    standing: Standing = always

    async def run(self) -> None:
        """Work until cancelled."""
        free = asyncio.Semaphore(self.at_once)
        async with asyncio.TaskGroup() as group:
            while True:
                await free.acquire()
                claimed = await self._next()
                group.create_task(self._work(claimed)).add_done_callback(lambda _: free.release())

    async def _next(self) -> Job:
        jobs = self.context.store.jobs
        while True:
            jobs.added.clear()
            if claimed := await self._claimed():
                return claimed
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL * random.uniform(0.5, 1.5)):  # noqa: S311 jitter
                    await jobs.added.wait()

    async def _claimed(self) -> Job | None:
        """Claim a job; one that comes while the worker ends is given back."""
        claiming = asyncio.create_task(self.context.store.jobs.claim(self.kinds))
        try:
            await asyncio.wait([claiming])
        except asyncio.CancelledError:
            with suppress(FhirError):
                if document := await claiming:
                    await self._release(Job(document), 0.0, document["attempts"] - 1)
            raise
        with suppress(FhirError):
            document = claiming.result()
            return Job(document) if document else None
        return None

    async def _work(self, job: Job) -> None:
        # What cannot be told to the database now is taken over when the lease runs out.
        try:
            if job.attempts > MOST_ATTEMPTS:
                await self._finish(job, _given_up(job))
            else:
                await self._run(job)
        except Exception as failure:  # noqa: BLE001 one job must not end the worker of all
            _tell(job, "left", frames=frames(failure))

    async def _run(self, job: Job) -> None:
        running = asyncio.create_task(self._answer(job))
        heart = asyncio.create_task(self._keep(job, running))
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            await stopped(running)
            if running.cancelled():
                await self._release(job, 0.0, job.attempts - 1)
            else:
                await self._end(job, running)
            raise
        else:
            await self._end(job, running)
        finally:
            await stopped(heart)

    async def _end(self, job: Job, ran: asyncio.Task[FhirResponse]) -> None:
        """Tell the database what became of a job that was run."""
        if ran.cancelled():
            _tell(job, "lost")
            return
        match ran.exception():
            case None:
                await self._finish(job, ran.result())
            case LostError():
                _tell(job, "lost")
            case Unavailable():
                await self._release(job, _pause(job), job.attempts)
            case FhirError() as failure:
                await self._finish(job, respond.error(failure))
            case failure:
                _tell(job, "crashed", frames=frames(failure))
                await self._release(job, _pause(job), job.attempts)

    async def _answer(self, job: Job) -> FhirResponse:
        if not await self.standing(job.caller):
            raise Forbidden(_REVOKED)
        seen = self.context.but(caller=job.caller)
        return await self.kinds[job.kind](Work(seen, job))

    async def _keep(self, job: Job, running: asyncio.Task[FhirResponse]) -> None:
        """Renew the lease while the job runs; stop the job where that is refused."""
        clock = asyncio.get_running_loop().time
        renewed = clock()
        kept = True
        while kept:
            await asyncio.sleep(self.beat)
            sent = clock()
            try:
                kept = await self._may_go_on(job)
            except FhirError:
                kept = clock() < renewed + LEASE
            else:
                renewed = sent
        await stopped(running)

    async def _may_go_on(self, job: Job) -> bool:
        ours = await self.context.store.jobs.renew(job.id, job.token)
        return ours and await self.standing(job.caller)

    async def _finish(self, job: Job, answer: FhirResponse) -> None:
        state: State = "done" if answer.status < FhirError.status else "failed"
        ended = await self.context.store.jobs.finish(
            job.id,
            job.token,
            state,
            head=queue.head(answer),
            body=answer.body,
            kept=self.context.limits.job_result_seconds,
        )
        _tell(job, state if ended else "lost")

    async def _release(self, job: Job, pause: float, attempts: int) -> None:
        await self.context.store.jobs.release(job.id, job.token, pause, attempts)
        _tell(job, "released")


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[None]:
    """Run the worker beside what is inside; at the end it gives its jobs back."""
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await stopped(task)


async def stopped(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has ended."""
    while not task.done():
        # Python 3.11 may lose a cancellation that meets a result (asyncio.wait_for).
        task.cancel()
        await asyncio.wait([task], timeout=1.0)


def _pause(job: Job) -> float:
    return min(_LONGEST_PAUSE, 2.0**job.attempts)


def _given_up(job: Job) -> FhirResponse:
    told = f"The job was given up after {MOST_ATTEMPTS} attempts; quote {job.id} when reporting it."
    return FhirResponse(500, respond.outcome_body((Issue("exception", told, "", "fatal"),)))


def frames(failure: BaseException) -> list[str]:
    """Give where an exception came from; never its message, which may be personal."""
    trace = traceback.extract_tb(failure.__traceback__)
    return [type(failure).__name__, *(f"{at.filename}:{at.lineno} {at.name}" for at in trace)]


def _tell(job: Job, what: str, **more: Any) -> None:
    told = {"id": job.id, "kind": job.kind, "attempt": job.attempts, "became": what, **more}
    _log.info("job", told)
