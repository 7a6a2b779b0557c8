"""What the national mappings add to the engine: their operations, listed by hand."""

from fhir_server.plugin import Plugin
from mappings.submission.operation import OPERATION as SUBMIT_DOCUMENT

PLUGIN = Plugin(name="mappings", operations=(SUBMIT_DOCUMENT,))
