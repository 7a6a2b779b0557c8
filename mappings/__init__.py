"""National documents to FHIR Bundles."""
