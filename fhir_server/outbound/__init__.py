"""Requests to servers of others: one client, and the guard before it."""
