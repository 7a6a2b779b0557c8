"""The synthetic hospital behind fhir-server synth."""
