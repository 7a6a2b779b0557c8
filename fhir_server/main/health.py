"""The health base, `/fhir`: its definitions, guests, database, authorization server and pages."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path

from fhir_server.access.caller import ANYONE_ON_LOOPBACK
from fhir_server.access.labels import Table
from fhir_server.access.labels import table as labelled
from fhir_server.base import Base
from fhir_server.http import oauth as oauth_routes
from fhir_server.http.app import Served
from fhir_server.http.limits import Bucket, per_client
from fhir_server.http.limits import Limits as RateLimits
from fhir_server.interactions import table
from fhir_server.interactions.context import Context, Limits
from fhir_server.interactions.current import Current
from fhir_server.interactions.guides import listed
from fhir_server.interactions.routes import Routes
from fhir_server.jobs.definitions import listening
from fhir_server.jobs.outdated import watching
from fhir_server.jobs.worker import always
from fhir_server.main.parts import (
    audit,
    audit_key,
    default_indexes,
    jobs,
    kinds,
    outbound,
    prepared,
)
from fhir_server.oauth import discovery, origins, tokens
from fhir_server.oauth.provider import Provider, Registration, private_key
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.server import opened as opened_oauth
from fhir_server.oauth.standing import standing
from fhir_server.operations import OPERATIONS
from fhir_server.outbound.address import parsed
from fhir_server.outbound.client import Outbound
from fhir_server.pages import citizens, federation
from fhir_server.pages import router as pages
from fhir_server.pages.site import Site
from fhir_server.plugin import Plugin
from fhir_server.settings import Settings
from fhir_server.spec import installed
from fhir_server.spec.spec import Spec, load
from fhir_server.store.clock import wall
from fhir_server.store.joins import Bounds
from fhir_server.store.store import Store
from fhir_server.terminology.remote import Bounds as RemoteBounds
from fhir_server.terminology.remote import Remote, opened
from mappings.plugin import plugin as mappings


def plugins(settings: Settings) -> Sequence[Plugin]:
    """Give the guests: listed by hand, nothing is scanned."""
    return (mappings(settings.identifier_base, settings.field_profiles),)


def definitions(guests: Sequence[Plugin] = (), packages: Path | None = None) -> Spec:
    """Give R4, what the guests and a folder's packages add; SpecError where that is unusable."""
    addresses = {name: here for guest in guests for name, here in guest.addresses.items()}
    folders = [folder for guest in guests for folder in guest.definitions]
    compiled = load(folders, addresses, installed.packs(packages) if packages else ())
    compiled.check_added()
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
        context = await prepared(health_context(settings, spec, store), default_indexes())
        context = context.but(remote=remote)
        key = await audit_key(settings, store)
        await listed(context, installed.guides(settings.packages))
        operations = [*OPERATIONS, *(one for guest in guests for one in guest.operations)]
        routes = table.build(operations)
        async with (
            audit(context, key, settings.audit_checkpoints),
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
    context = context.but(security=discovery.security(oauth))
    known = per_client(tokens.authentication(oauth), Bucket(settings.rate_client))
    base = Base("/fhir", context, routes, known)
    provider = identity_provider(settings, oauth)
    patient_of = citizens.patient_of(base, settings.citizen_system)
    site = Site(oauth, base, patient_of, federation.THERE if provider else "")
    more = federation.rows(provider) if provider else ()
    routers = (
        oauth_routes.router(oauth, base.path, partial(pages.refused, site)),
        pages.router(site, more),
    )
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
        settings.oauth_name(),
        issuer=settings.issuer_url(),
        base_url=context.base_url,
        current=context.current,
        outbound=outbound(settings),
    )


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
async def health_store(settings: Settings) -> AsyncIterator[Store]:
    """Open the database of the health base; `serve` started the embedded one if none is named."""
    uri = settings.uri()
    assert uri is not None
    bounds = Bounds(settings.join_limit, settings.search_seconds, settings.database_lanes)
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
