"""The composition root: settings → definitions, store, guests, bases → application."""

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import profiles
from fhir_server.access.caller import ANYONE_ON_LOOPBACK
from fhir_server.access.labels import Table
from fhir_server.access.labels import table as labelled
from fhir_server.base import Base
from fhir_server.fhir import json
from fhir_server.http import log
from fhir_server.http import oauth as oauth_routes
from fhir_server.http.app import App, Served
from fhir_server.http.limits import Bucket, per_client
from fhir_server.http.limits import Limits as RateLimits
from fhir_server.interactions import table
from fhir_server.interactions.context import Context, Limits
from fhir_server.interactions.current import Current
from fhir_server.interactions.guides import listed
from fhir_server.interactions.routes import Routes
from fhir_server.interactions.search_parameters import outdated, refresh
from fhir_server.jobs import request
from fhir_server.jobs.definitions import listening
from fhir_server.jobs.outdated import watching
from fhir_server.jobs.sealing import sealing
from fhir_server.jobs.worker import Kinds, Standing, Worker, always, working
from fhir_server.oauth import discovery, origins, tokens
from fhir_server.oauth.provider import Provider, Registration, private_key
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.server import opened as opened_oauth
from fhir_server.oauth.standing import standing
from fhir_server.operations import OPERATIONS, reindex, search_parameters
from fhir_server.outbound.address import parsed
from fhir_server.outbound.client import Outbound
from fhir_server.pages import citizens, federation
from fhir_server.pages import router as pages
from fhir_server.pages.site import Site
from fhir_server.plugin import Plugin
from fhir_server.settings import Settings
from fhir_server.spec import installed
from fhir_server.spec.spec import Spec, load
from fhir_server.store.audit import Audit, Watch
from fhir_server.store.clock import wall
from fhir_server.store.indexes import Wanted
from fhir_server.store.joins import Bounds
from fhir_server.store.sealer import Sealer
from fhir_server.store.store import Store
from fhir_server.terminology.remote import Bounds as RemoteBounds
from fhir_server.terminology.remote import Remote, opened
from mappings.plugin import plugin as mappings


def application() -> App:
    """Give the ASGI application of this process, its settings read from the environment."""
    log.configure()
    settings = Settings()
    return App(lambda: served(settings))


def plugins(settings: Settings) -> Sequence[Plugin]:
    """Give the guests: listed by hand, nothing is scanned."""
    return (mappings(settings.identifier_base, settings.field_profiles),)


def definitions(guests: Sequence[Plugin] = (), packages: Path | None = None) -> Spec:
    """Give R4, what the guests and a folder's packages add; every search expression compiled."""
    addresses = {name: here for guest in guests for name, here in guest.addresses.items()}
    folders = [folder for guest in guests for folder in guest.definitions]
    compiled = load(folders, addresses, installed.packs(packages) if packages else ())
    compiled.check()
    return compiled


def sensitivity(guests: Sequence[Plugin]) -> Table:
    """Give which codes label a resource as sensitive, as the guests say."""
    return labelled([row for guest in guests for row in guest.sensitive])


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Served]:
    """Open the health base: its own definitions, database and limits."""
    guests = plugins(settings)
    spec = definitions(guests, settings.packages)
    async with health_store(settings) as store, remote_terminology(settings) as remote:
        context = await prepared(settings, health_context(settings, spec, store))
        context = replace(context, remote=remote)
        await listed(context, installed.guides(settings.packages))
        operations = [*OPERATIONS, *(one for guest in guests for one in guest.operations)]
        routes = table.build(operations)
        # What is built for good is not walked through by every collection of garbage.
        gc.collect()
        gc.freeze()
        async with (
            audit(settings, store),
            listening(context),
            watching(context),
            smart(settings, context) as oauth,
            jobs(settings, context, kinds(routes), standing(oauth) if oauth else always),
        ):
            yield guarded(settings, context, routes, oauth)


def guarded(settings: Settings, context: Context, routes: Routes, oauth: OAuth | None) -> Served:
    """Give the health base, and what says who may ask it; None is anybody on loopback."""
    if oauth is None:
        return Served((Base("/fhir", context, routes),))
    context = replace(context, security=discovery.security(oauth))
    known = per_client(tokens.authentication(oauth), Bucket(settings.rate_client))
    base = Base("/fhir", context, routes, known)
    provider = identity_provider(settings, oauth)
    patient_of = citizens.patient_of(base, settings.citizen_system)
    site = Site(oauth, base, patient_of, federation.THERE if provider else "")
    more = federation.rows(provider) if provider else ()
    routers = (oauth_routes.router(oauth, base.path), pages.router(site, more))
    limits = RateLimits(Bucket(settings.rate_address), Bucket(settings.rate_sign_in))
    return Served((base,), routers, origins.registered(oauth), limits)


def smart(settings: Settings, context: Context) -> AbstractAsyncContextManager[OAuth | None]:
    """Give the authorization server; nothing where the settings want none."""
    if settings.auth == "none":
        return nullcontext()
    uri = settings.uri()
    assert uri is not None
    return opened_oauth(
        uri,
        settings.oauth_database or f"{settings.database}_oauth",
        issuer=settings.issuer_url(),
        base_url=context.base_url,
        current=context.current,
        outbound=outbound(settings),
    )


def outbound(settings: Settings) -> Outbound:
    """Give what asks servers of others."""
    return Outbound(frozenset(settings.outbound_origins))


def identity_provider(settings: Settings, oauth: OAuth) -> Provider | None:
    """Give the identity provider people may sign in at; None where the settings name none."""
    if settings.idp_issuer is None:
        return None
    file = settings.idp_client_key_file
    registered = Registration(
        issuer=settings.idp_issuer,
        client_id=settings.idp_client_id,
        redirect_uri=f"{oauth.issuer.removesuffix('/oauth')}/{federation.BACK}",
        acr=tuple(settings.idp_acr.split()),
        claim=settings.idp_claim,
        scopes=tuple(settings.idp_scopes.split()),
        secret=settings.idp_secret(),
        key=private_key(file.read_text("utf-8")) if file else None,
        max_age=settings.idp_max_age,
        citizen_key=settings.citizen_secret(),
    )
    own = Outbound(frozenset({parsed(settings.idp_issuer).origin}))
    return Provider(registered, own, oauth.clock)


@asynccontextmanager
async def audit(settings: Settings, store: Store) -> AsyncIterator[None]:
    """Sign what is written down of accesses, and seal it, while this process serves or works."""
    key = await audit_key(settings, store)
    store.watch = Watch(Audit(store.database, key))
    async with sealing(Sealer(store.database, key), wall, settings.audit_checkpoints):
        yield


async def audit_key(settings: Settings, store: Store) -> bytes:
    """Give the key that signs events and seals; without a setting it is kept in the database."""
    return settings.audit_secret() or await store.secret("audit")


def kinds(routes: Routes) -> Kinds:
    """Give what a job may be: a kind and the function that does it."""
    return {
        request.KIND: request.kind(routes),
        reindex.KIND: reindex.run,
        search_parameters.KIND: search_parameters.build,
    }


def jobs(
    settings: Settings, context: Context, known: Kinds, stands: Standing
) -> AbstractAsyncContextManager[None]:
    """Give what works jobs in this process; nothing where the settings leave them to others."""
    if not settings.jobs_at_once:
        return nullcontext()
    return working(Worker(context, known, settings.jobs_at_once, standing=stands))


async def work(settings: Settings, ended: asyncio.Event) -> None:
    """Work jobs in this process, and serve nothing, until `ended` is set."""
    log.configure()
    async with served(settings):
        await ended.wait()


@asynccontextmanager
async def health_store(settings: Settings) -> AsyncIterator[Store]:
    """Open the database of the health base; `serve` started the embedded one if none is named."""
    uri = settings.uri()
    assert uri is not None
    bounds = Bounds(settings.join_limit, settings.search_seconds)
    patience = settings.transaction_seconds
    store = Store.open(uri, settings.database, patience=patience, bounds=bounds)
    try:
        yield store
    finally:
        await store.close()


def health_context(settings: Settings, spec: Spec, store: Store) -> Context:
    """Give the Context of /fhir; nothing is asked of the database yet."""
    return Context(
        current=Current(spec),
        store=store,
        base_url=settings.base_url.rstrip("/"),
        zone=settings.zone(),
        cursor_key=settings.cursor_secret() or b"",
        caller=ANYONE_ON_LOOPBACK,
        started=wall(),
        limits=Limits(**{name: getattr(settings, name) for name in Limits.__slots__}),
        sensitivity=sensitivity(plugins(settings)),
    )


def remote_terminology(settings: Settings) -> AbstractAsyncContextManager[Remote | None]:
    """Give what asks the terminology server of the settings; None where none is named."""
    if settings.terminology_server is None:
        return nullcontext()
    names = ("seconds", "cache_seconds", "cache_size")
    bounds = RemoteBounds(**{name: getattr(settings, f"terminology_{name}") for name in names})
    return opened(settings.terminology_server, bounds)


async def prepared(settings: Settings, context: Context) -> Context:
    """Give the Context ready to serve: indexes built, older index formats known, a cursor key.

    Raises Unavailable where the database does not answer.
    """
    store, spec = context.store, context.spec
    await store.prepare()
    await store.indexing.ensure(default_indexes(), spec.types)
    await refresh(context)
    return replace(
        context,
        outdated=await outdated(context, spec.types),
        cursor_key=settings.cursor_secret() or await store.secret("cursor"),
    )


def default_indexes() -> Wanted:
    """Give the default index set: docs/search-performance.md says what each index serves."""
    folder = Path(profiles.__path__[0]) / "server"
    wanted: Wanted = json.parse((folder / "indexes.json").read_bytes())
    return wanted
