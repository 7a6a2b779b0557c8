"""Whether a resource is well made."""
