"""Patches: a new resource from an old one; pure."""
