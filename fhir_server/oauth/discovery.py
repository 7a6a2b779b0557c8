"""What the authorization server says of itself: three documents and a part of the statement.

https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from typing import Any

from fhir_server.oauth import assertion, dpop, keys
from fhir_server.oauth.server import OAuth

# https://hl7.org/fhir/smart-app-launch/conformance.html#capability-sets
CAPABILITIES = (
    "launch-ehr",
    "launch-standalone",
    "authorize-post",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-banner",
    "context-ehr-patient",
    "context-ehr-encounter",
    "context-standalone-patient",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
)
SCOPES = (
    "openid",
    "fhirUser",
    "launch",
    "launch/patient",
    "offline_access",
    "online_access",
    "patient/*.cruds",
    "user/*.cruds",
    "system/*.cruds",
)
_ENDPOINTS = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "token",
    "introspection_endpoint": "introspect",
    "revocation_endpoint": "revoke",
    "registration_endpoint": "register",
    "pushed_authorization_request_endpoint": "par",
    "jwks_uri": "jwks",
}
_AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def smart_configuration(oauth: OAuth) -> dict[str, Any]:
    """Give the document under `[base]/.well-known/smart-configuration`."""
    return metadata(oauth) | {
        "capabilities": list(CAPABILITIES),
        "management_endpoint": oauth.page("apps"),
    }


def openid_configuration(oauth: OAuth) -> dict[str, Any]:
    """Give the document of https://openid.net/specs/openid-connect-discovery-1_0.html ."""
    return metadata(oauth) | {
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [keys.ALGORITHM],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "fhirUser"],
        "prompt_values_supported": ["none", "login", "consent"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def metadata(oauth: OAuth) -> dict[str, Any]:
    """Give the document of https://www.rfc-editor.org/rfc/rfc8414 ."""
    methods = {
        f"{endpoint}_endpoint_auth_{what}": list(values)
        for endpoint in ("token", "introspection", "revocation")
        for what, values in (
            ("methods_supported", _AUTH_METHODS),
            ("signing_alg_values_supported", assertion.ALGORITHMS),
        )
    }
    return {
        "issuer": oauth.issuer,
        **{name: oauth.url(path) for name, path in _ENDPOINTS.items()},
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "scopes_supported": list(SCOPES),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        **methods,
    }


def security(oauth: OAuth) -> dict[str, Any]:
    """Give `rest.security` of the CapabilityStatement, for clients of SMART 1.

    https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.security
    """
    named = {"authorize": "authorize", "token": "token", "revoke": "revoke"}
    named |= {"introspect": "introspect", "register": "register"}
    coding = {"system": _SERVICE, "code": "SMART-on-FHIR", "display": "SMART-on-FHIR"}
    uris = [{"url": name, "valueUri": oauth.url(path)} for name, path in named.items()]
    return {
        "extension": [{"url": _URIS, "extension": uris}],
        "cors": True,
        "service": [{"coding": [coding]}],
        "description": f"OAuth 2 as SMART App Launch 2.2 says; issuer {oauth.issuer}.",
    }
