"""Search-parameter types: one file each, what is indexed and what may be asked of it."""
