"""FHIRPath: text to callable."""
