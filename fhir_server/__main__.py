"""`python -m fhir_server`: the command line."""

from fhir_server.cli import main

main()
