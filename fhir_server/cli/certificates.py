"""The judicial records of the demonstration: who takes part, the story, what is left to look at."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from fhir_server.cli.authorization import opened
from fhir_server.cli.certificate import verify
from fhir_server.cli.client import told
from fhir_server.cli.demonstration import Login, login, there

if TYPE_CHECKING:
    from extensions.judicial_record.story import Ending

_SECONDS = 3600

# Where the files of the certificate that stays valid are left, and its holder's id.
_FOLDER, _WHO = "certificate", "holder"


def told_once(root: str, data: Path) -> None:
    """Run the story against the server at `root`, unless an earlier start did."""
    if (data / _FOLDER / _WHO).exists():
        return
    typer.echo("\nA judicial-record certificate · Phiếu lý lịch tư pháp\n")
    ending = asyncio.run(_story(root, data, _tokens()))
    if ending.valid != (True, True) or ending.recalled != (False, False):
        typer.echo("fhir-server: the checks did not say what they should.", err=True)
        raise typer.Exit(1)
    (data / _FOLDER / _WHO).write_text(ending.holder)


def people(data: Path) -> list[Login]:
    """Let the clerk, the signer and the holder sign in, with new passwords each time."""
    from extensions.judicial_record.story import CLERK, ISSUER, SIGNER
    from fhir_server.oauth.users import User

    works: Any = {"organisations": (ISSUER,)}
    known = (
        User("clerk", display="Clerk", fhir_user=CLERK, roles=("clerk",), **works),
        User("signer", display="Signer", fhir_user=SIGNER, roles=("signer",), **works),
        User("holder", display="NGUYỄN VĂN THỬ", fhir_user=(data / _FOLDER / _WHO).read_text()),
    )
    with opened(legal=True) as oauth:
        return [login(oauth, one) for one in known]


def invite(root: str, data: Path, logins: list[Login]) -> None:
    """Say what to open, what to type, and who to be there."""
    from extensions.judicial_record.story import five
    from extensions.judicial_record.story import told as values
    from fhir_server.fhir import json

    kept = data / _FOLDER
    body = json.parse_object((kept / "certificate.json").read_bytes())
    fields = values({"parameter": five(body)})
    typer.echo("\nJudicial records · Lý lịch tư pháp\n")
    typer.echo(f"  Signed PDF        {kept / 'certificate.pdf'}")
    typer.echo(f"  Check it          {root}/legal/v/{fields.pop('code')}")
    for name, value in fields.items():
        typer.echo(f"    {name:<15} {value}")
    typer.echo(f"  Check it offline  {_command(kept)}")
    typer.echo(f"  Console           {root}/legal/sign-in")
    for one in logins:
        typer.echo(f"    {one.username:<15} password {one.password}")


def _tokens() -> dict[str, str]:
    """Give a token of each who takes part: an app that applies for citizens, two officers."""
    from extensions.judicial_record.story import (
        APPLIES,
        CLERK,
        ISSUER,
        OFFICER,
        READS,
        SIGNER,
    )
    from fhir_server.oauth import grants, tokens
    from fhir_server.oauth.clients import Client

    let_in: Any = {"status": "active"}
    app = Client("demo-vneid", "Citizens' app", "public", scopes=(*READS, *APPLIES), **let_in)
    office = Client("demo-office", "Office", "public", scopes=OFFICER, **let_in)
    works = {"organisations": [ISSUER]}
    found = {"anybody": ""}
    with opened(legal=True) as oauth:
        for name, client, whose in (
            ("app", app, {}),
            ("clerk", office, {"fhir_user": CLERK, **works}),
            ("signer", office, {"fhir_user": SIGNER, **works}),
        ):
            known = there(oauth, client)
            asked: Any = {"user": whose.get("fhir_user", ""), **whose}
            grant = grants.new(oauth, known, client.scopes, seconds=_SECONDS, **asked)
            found[name] = tokens.issue(oauth, grant, client.scopes, seconds=_SECONDS)[0]
    return found


async def _story(root: str, data: Path, tokens: Mapping[str, str]) -> "Ending":
    import httpx2

    from extensions.judicial_record.story import story

    async with httpx2.AsyncClient(base_url=root, timeout=60.0) as http:

        async def send(who: str, path: str, rows: list[dict[str, Any]] | None) -> bytes:
            headers = {"Authorization": f"Bearer {tokens[who]}"} if tokens[who] else {}
            if rows is None:
                answer = await http.get(path, headers=headers)
            else:
                body = {"resourceType": "Parameters", "parameter": rows} if rows else None
                answer = await http.post(path, json=body, headers=headers)
            if not answer.is_success:
                typer.echo(f"fhir-server: {path}: {told(answer.content)}", err=True)
                raise typer.Exit(1)
            return answer.content

        return await story(send, _tell, lambda name, files: _offline(data / name, files))


def _tell(english: str, vietnamese: str) -> None:
    typer.echo(f"  {english} · {vietnamese}")


def _offline(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Keep the files, and run `fhir-server certificate verify` on them."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    typer.echo(f"\n$ {_command(folder)}")
    try:
        verify(
            folder / "certificate.json",
            keys=folder / "keys.json",
            status=folder / "status.jwt",
            pdf=folder / "certificate.pdf",
            log=None,
            max_age=None,
        )
    except typer.Exit as ended:
        return ended.exit_code == 0
    finally:
        typer.echo("")
    return False


def _command(folder: Path) -> str:
    return (
        f"fhir-server certificate verify {folder}/certificate.json --keys {folder}/keys.json"
        f" --status {folder}/status.jwt --pdf {folder}/certificate.pdf"
    )
