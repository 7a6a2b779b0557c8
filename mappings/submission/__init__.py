"""$submit-document: a hospital's document goes in, resources of one visit come out stored."""
