"""The legal base, `/legal/fhir`: nothing of it but code is shared with the health base.

Its own definitions, database and database user, keys, audit, authorization server and pages.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from functools import partial

from extensions.judicial_record import register
from extensions.judicial_record.dossier import outbox
from extensions.judicial_record.dossier.settle import settle
from extensions.judicial_record.office import Office
from extensions.judicial_record.opening import opened
from extensions.judicial_record.pages.rows import MENU, PACKAGE, PREFIX, rows
from extensions.judicial_record.plugin import (
    DEFINITIONS,
    INDEXES,
    KINDS,
    OFFERED,
    PUBLIC,
    desk_of,
    gate_of,
    operations,
)
from extensions.judicial_record.proof import public_log
from extensions.judicial_record.published import documents as published
from extensions.judicial_record.reaching import LEVEL, SERVED, reaching
from extensions.judicial_record.subjects import subject_of
from extensions.judicial_record.terms.late import late
from extensions.judicial_record.terms.recompute import recompute
from fhir_server.access.caller import Caller
from fhir_server.base import Base
from fhir_server.http import documents, metrics
from fhir_server.http import oauth as oauth_routes
from fhir_server.http.app import Served
from fhir_server.http.limits import Bucket, per_client
from fhir_server.interactions import table
from fhir_server.interactions.context import Context, Limits
from fhir_server.interactions.current import Current
from fhir_server.main.parts import audit, every, outbound, prepared
from fhir_server.oauth import discovery, tokens
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.server import opened as opened_oauth
from fhir_server.outbound.client import Outbound
from fhir_server.pages import router as pages
from fhir_server.pages.site import Site
from fhir_server.settings import Settings
from fhir_server.spec.spec import Spec, load
from fhir_server.store.clock import wall
from fhir_server.store.joins import Bounds
from fhir_server.store.store import Store
from fhir_server.store.veil import Veil
from fhir_server.store.veiled import Veiled

PATH = "/legal/fhir"
# How often an office does what it does by itself, in seconds.
MOMENT, MINUTE, HOUR = 2.0, 60.0, 3600.0
# Who asks what anybody may ask: checks a certificate, and nothing else.
PUBLIC_CALLER = Caller("public", client="public", scopes=(f"{LEVEL}/$verify",))


def definitions() -> Spec:
    """Give what this base serves of R4, and the certificate."""
    compiled = load([DEFINITIONS], only=SERVED, levels={LEVEL: "both"})
    compiled.check_added()
    return compiled


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Served]:
    """Open the legal base. Raises Unavailable where its database does not answer."""
    spec = definitions()
    with office_of(settings) as office:
        await asyncio.to_thread(office.records.prepare, KINDS)
        async with (
            opened_store(settings, office) as store,
            authorization(settings, spec) as oauth,
        ):
            context = await prepared(context_of(settings, spec, store, cursor_key(office)), INDEXES)
            async with (
                audit(context, audit_key(office), settings.legal_checkpoints()),
                outbound(settings).kept() as client,
            ):
                await register.keep(context, office)
                async with working(context, office, client):
                    yield guarded(settings, context, oauth, office)


def office_of(settings: Settings) -> AbstractContextManager[Office]:
    """Give the issuing system: records, keys, bodies. Raises ValueError, with what to do."""
    return opened(
        uri(settings),
        settings.legal_name(),
        settings.legal_folder,
        settings.legal_root(),
        trying=settings.env == "development",
    )


@asynccontextmanager
async def working(context: Context, office: Office, client: Outbound) -> AsyncIterator[None]:
    """Do now and then what an office does by itself; several processes may."""
    desk = desk_of(office, gate_of(office), client)

    async def told() -> None:
        if office.subscribers:
            await outbox.collect(desk, context)
            await outbox.push(desk)

    async def kept() -> None:
        await asyncio.to_thread(public_log.seal, office.records)
        await settle(desk, context)
        metrics.dead(PATH, await asyncio.to_thread(outbox.dead, office.records))

    async def terms() -> None:
        await recompute(context, office)
        metrics.overdue(PATH, (await late(context, office)).late)

    async with every(MOMENT, told), every(MINUTE, kept), every(HOUR, terms):
        yield


def guarded(settings: Settings, context: Context, oauth: OAuth, office: Office) -> Served:
    """Give the base, and what says who may ask it."""
    context = context.but(security=discovery.security(oauth))
    gate = gate_of(office)
    routes = table.build(operations(office), OFFERED)
    known = per_client(tokens.authentication(oauth), Bucket(settings.rate_client))
    base = Base(PATH, context, routes, known, shared=False, open=PUBLIC)
    site = Site(oauth, base, nobody, prefix=PREFIX, guest=PACKAGE, menu=MENU)
    routers = (
        oauth_routes.router(oauth, base.path, partial(pages.refused, site)),
        pages.router(site, rows(gate), pages.ENTRANCE),
        documents.router(published(office)),
    )
    return Served((base,), routers)


async def nobody(_: str) -> None:
    """Give no Patient: there is none here."""


@asynccontextmanager
async def opened_store(settings: Settings, office: Office) -> AsyncIterator[Veiled]:
    """Open the database of this base, as its own user; no text is readable in it."""
    veil = Veil(office.encryption, subject_of)
    patience = settings.transaction_seconds
    bounds = Bounds(lanes=settings.database_lanes)
    name = settings.legal_name()
    store = Veiled.under(veil, uri(settings), name, patience=patience, bounds=bounds)
    try:
        yield store
    finally:
        await store.close()


def uri(settings: Settings) -> str:
    """Give the MongoDB address; `serve` set it where none is named."""
    found = settings.legal_uri()
    assert found is not None
    return found


def authorization(settings: Settings, spec: Spec) -> AbstractAsyncContextManager[OAuth]:
    """Give the authorization server of this base alone."""
    root = settings.legal_root()
    return opened_oauth(
        uri(settings),
        f"{settings.legal_name()}_oauth",
        issuer=f"{root}/oauth",
        base_url=f"{root}/fhir",
        current=Current(spec),
        outbound=outbound(settings),
    )


def audit_key(office: Office) -> bytes:
    """Give the key that signs events and seals: who reads or writes the database has it not."""
    return office.encryption.secret("audit")


def cursor_key(office: Office) -> bytes:
    """Give the key that signs paging links, kept out of the database too."""
    return office.encryption.secret("cursor")


def context_of(settings: Settings, spec: Spec, store: Store, key: bytes = b"") -> Context:
    """Give the Context of this base; whoever asks without a token is nobody.

    `key` signs paging links.
    """
    names = {name: getattr(settings, name) for name in Limits.__slots__}
    return Context(
        current=Current(spec),
        store=store,
        base_url=f"{settings.legal_root()}/fhir",
        zone=settings.zone(),
        cursor_key=key,
        caller=PUBLIC_CALLER,
        started=wall(),
        limits=Limits(**{**names, "max_includes": 0, "required_profiles": {}}),
        reaching=reaching,
    )
