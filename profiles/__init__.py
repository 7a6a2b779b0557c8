"""Definitions as data; no code."""
