"""What the national mappings add to the engine: their operations, listed by hand."""

from fhir_server.plugin import Plugin

PLUGIN = Plugin(name="mappings")
