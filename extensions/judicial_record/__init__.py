"""Judicial-record certificates: dossier, certificate, signature, checking, revocation."""
