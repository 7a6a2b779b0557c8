"""Proof of possession; https://www.rfc-editor.org/rfc/rfc9449 ."""

from authlib.oauth2 import OAuth2Error

from fhir_server.oauth.server import OAuth


def checked(oauth: OAuth, proof: str, method: str, url: str, token: str) -> str:
    """Give the thumbprint of the key that made the proof; raise OAuth2Error for a bad one."""
    del oauth, proof, method, url, token
    raise OAuth2Error("No proof is read here.", error="invalid_dpop_proof")
