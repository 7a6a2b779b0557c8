"""Validation of files without a server: read in pieces, judged in several processes, reported."""
