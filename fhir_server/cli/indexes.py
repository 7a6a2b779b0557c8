"""fhir-server indexes: what exists, what is missing, builds."""

import asyncio
from typing import Annotated, Any

import typer

from fhir_server.cli.environment import read_settings, refused


def indexes(
    build: Annotated[
        bool, typer.Option("--build", help="Build what is missing, drop what is retired.")
    ] = False,
    reindex: Annotated[
        bool, typer.Option("--reindex", help="Rewrite the index fields of outdated types.")
    ] = False,
    advise: Annotated[
        bool, typer.Option("--advise", help="Propose indexes for the searches that were slow.")
    ] = False,
) -> None:
    """Compare the database at FHIR_MONGODB_URI with the default index set; exit 1 if it lacks."""
    from fhir_server.fhir.errors import Unavailable

    settings = read_settings()
    if settings.uri() is None:
        raise refused("set FHIR_MONGODB_URI to the database to look at.")
    try:
        if advise:
            asyncio.run(_advise(settings))
            return
        complete = asyncio.run(_run(settings, build=build, reindex=reindex))
    except Unavailable as error:
        typer.echo(f"fhir-server: {error}", err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(0 if complete else 1)


async def _run(settings: Any, *, build: bool, reindex: bool) -> bool:
    from fhir_server import main
    from fhir_server.interactions.search_parameters import refresh
    from fhir_server.store.indexes import wanted_indexes

    spec = main.definitions(main.plugins(settings), settings.packages)
    async with main.health_store(settings) as store:
        context = main.health_context(settings, spec, store)
        await store.prepare()
        await refresh(context)
        wanted = wanted_indexes(main.default_indexes(), sorted(spec.types))
        missing = set(await store.indexing.missing(main.default_indexes(), spec.types))
        retired = await store.indexing.retired(main.default_indexes(), spec.types)
        formats = {type_: context.index_format(type_) for type_ in spec.types}
        outdated = sorted(await store.indexing.outdated(formats))
        for index in (*wanted, *retired):
            state = "missing" if index in missing else "retired" if index in retired else "exists"
            keys = ", ".join(f"{field} {way}" for field, way in index.keys)
            typer.echo(f"  {state:9} {index.collection}: {keys}")
        if build and missing:
            await _build(store, [index for index in wanted if index in missing])
        if build:
            await store.indexing.drop(retired)
        left = 0 if reindex else len(outdated)
        for type_ in outdated:
            typer.echo(f"  outdated  {type_}")
            if reindex:
                left += not await _reindex(context, type_)
        typer.echo(
            f"{len(wanted)} indexes wanted, {len(missing)} were missing; "
            f"{len(outdated)} types were in an older format."
        )
    return (build or not missing) and not left


async def _advise(settings: Any) -> None:
    from functools import partial

    from fhir_server import main
    from fhir_server.fhir import json
    from fhir_server.search.shape import may_hold_array, proposals

    spec = main.definitions(main.plugins(settings), settings.packages)
    async with main.health_store(settings) as store:
        noted = await store.costs.noted()
        types = {one.shape.type for one in noted}
        present = {type_: (await store.costs.facts(type_)).indexes for type_ in types}
    _show(noted)
    wanted = proposals((one.shape for one in noted), present, partial(may_hold_array, spec))
    for index in wanted:
        typer.echo(f'  "{index.type}": {json.dump(index.keys).decode()}')
    typer.echo(
        f"{len(noted)} kinds of search were slow; {len(wanted)} indexes would help. Add them to "
        "profiles/server/indexes.json and run `fhir-server indexes --build`; each is paid for by "
        "every write."
    )


def _show(noted: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    from fhir_server.search.plan import shown

    table = Table("type", "equal", "range", "others", "order", "times", "mean ms", "worst ms")
    for one in noted:
        shape = one.shape
        asked = ("\n".join(fields) for fields in (shape.equal, shape.ranges, shape.others))
        spent = (one.count, one.total_ms // one.count, one.worst_ms)
        table.add_row(shape.type, *asked, shown(shape.order), *map(str, spent))
    if noted:
        Console().print(table)


async def _reindex(context: Any, type_: str) -> bool:
    from rich.progress import Progress

    from fhir_server.operations.reindex import rewrite

    allow = context.allow("$reindex", type_)
    total = await context.store.count(allow, type_, allow, 60_000)
    with Progress() as progress:
        task = progress.add_task(f"Reindexing {type_}", total=total)

        async def told(step: Any) -> None:
            progress.advance(task, step.rewritten)

        counts = await rewrite(context, type_, told)
    typer.echo(f"  reindexed {type_}: {counts.current} of {counts.total} resources verified")
    return counts.complete


async def _build(store: Any, missing: Any) -> None:
    from rich.progress import Progress

    with Progress() as progress:
        task = progress.add_task("Building", total=len(missing))
        await store.indexing.build(
            missing, lambda done, total: progress.update(task, completed=done, total=total)
        )
