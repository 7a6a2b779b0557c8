"""Profiles: StructureDefinitions compiled to checks, and what claims to meet them."""
