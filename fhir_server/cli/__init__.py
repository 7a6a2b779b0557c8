"""The command line, a file per command; each command imports what it needs when it runs."""

import typer

from fhir_server.cli.audit import audit
from fhir_server.cli.book import book
from fhir_server.cli.certificate import certificate
from fhir_server.cli.clients import clients
from fhir_server.cli.demo import demo
from fhir_server.cli.indexes import indexes
from fhir_server.cli.keys import keys
from fhir_server.cli.load import load
from fhir_server.cli.packages import packages
from fhir_server.cli.quality import quality
from fhir_server.cli.serve import serve
from fhir_server.cli.synth import synth
from fhir_server.cli.terminology import terminology
from fhir_server.cli.token import token
from fhir_server.cli.users import users
from fhir_server.cli.validate import validate
from fhir_server.cli.work import work

app = typer.Typer(
    name="fhir-server",
    help="A FHIR R4 server for Viet Nam's hospital documents, on MongoDB.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (serve, work, demo, load, validate, book, quality, synth, indexes, token):
    app.command()(command)
app.add_typer(terminology, name="terminology")
app.add_typer(packages, name="packages")
app.add_typer(clients, name="clients")
app.add_typer(users, name="users")
app.add_typer(audit, name="audit")
app.add_typer(keys, name="keys")
app.add_typer(certificate, name="certificate")


def main() -> None:
    """Run the command line."""
    app()
