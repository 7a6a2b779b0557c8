"""SMART on FHIR: the authorization server."""
