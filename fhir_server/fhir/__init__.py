"""FHIR's words as plain values; knows no database, no web, no definitions."""
