"""FHIR search without a database."""
