"""Settings: environment variables with the prefix FHIR_, read once into one frozen value.

Every setting has a line in docs/settings.md; a test compares the two.
"""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import DirectoryPath, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fhir_server.outbound.address import parsed

# What an identity provider cannot do without.
_IDP = ("client_id", "acr", "claim")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    """What can be set from outside; sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="FHIR_", frozen=True, extra="ignore")

    env: Literal["development", "production"] = "development"
    mongodb_uri: SecretStr | None = None
    mongodb_uri_file: Path | None = None
    database: str = "fhir"
    base_url: str = "http://127.0.0.1:8080/fhir"
    auth: Literal["smart", "none"] = "smart"
    issuer: str | None = None
    oauth_database: str | None = None
    citizen_system: str = "http://fhir.hl7.org.vn/core/sid/cccd"
    citizen_key: SecretStr | None = None
    citizen_key_file: Path | None = None
    idp_issuer: str | None = None
    idp_client_id: str = ""
    idp_client_secret: SecretStr | None = None
    idp_client_secret_file: Path | None = None
    idp_client_key_file: Path | None = None
    idp_scopes: str = "openid"
    idp_acr: str = ""
    idp_claim: str = ""
    idp_max_age: Annotated[int, Field(ge=0)] = 300
    rate_address: Annotated[float, Field(ge=0)] = 500.0
    rate_client: Annotated[float, Field(ge=0)] = 500.0
    rate_sign_in: Annotated[float, Field(ge=0)] = 20.0
    cursor_key: SecretStr | None = None
    cursor_key_file: Path | None = None
    time_zone: str = "Asia/Ho_Chi_Minh"
    max_body_bytes: Annotated[int, Field(gt=0)] = 20 * 1024 * 1024
    max_includes: Annotated[int, Field(gt=0)] = 2_000
    max_url_bytes: Annotated[int, Field(gt=0)] = 16 * 1024
    total_seconds: Annotated[float, Field(gt=0)] = 2.0
    scan_warning: Annotated[int, Field(ge=0)] = 10_000
    scan_limit: Annotated[int, Field(ge=0)] = 1_000_000
    slow_search_ms: Annotated[int, Field(ge=0)] = 500
    max_bundle_entries: Annotated[int, Field(gt=0)] = 10_000
    default_count: Annotated[int, Field(gt=0)] = 50
    max_count: Annotated[int, Field(gt=0)] = 1_000
    max_expansion: Annotated[int, Field(gt=0)] = 10_000
    outbound_origins: list[str] = []
    terminology_server: str | None = None
    terminology_seconds: Annotated[float, Field(gt=0)] = 3.0
    terminology_cache_seconds: Annotated[float, Field(ge=0)] = 3_600.0
    terminology_cache_size: Annotated[int, Field(gt=0)] = 10_000
    validation: Literal["structure", "base", "profiles"] = "profiles"
    unknown_profile: Literal["warn", "refuse"] = "warn"
    unknown_extension: Literal["warn", "refuse"] = "warn"
    required_profiles: dict[str, list[str]] = {}
    audit_loopback: bool = False
    audit_addresses: bool = False
    audit_key: SecretStr | None = None
    audit_key_file: Path | None = None
    audit_checkpoints: Path | None = None
    update_create: bool = True
    strict_search: bool = True
    referential_integrity: bool = True
    text_search: bool = False
    conditional_delete_max: Annotated[int, Field(gt=0, le=10_000)] = 1
    join_limit: Annotated[int, Field(gt=0, le=100_000)] = 1_000
    search_seconds: Annotated[float, Field(gt=0)] = 3.0
    database_lanes: Annotated[int, Field(ge=0, le=40)] = 24
    transaction_seconds: Annotated[float, Field(gt=0, le=60)] = 20.0
    jobs_at_once: Annotated[int, Field(ge=0)] = 2
    max_search_parameters: Annotated[int, Field(ge=0)] = 200
    max_jobs: Annotated[int, Field(gt=0)] = 100
    care_grace_days: Annotated[int, Field(ge=0)] = 30
    max_denials: Annotated[int, Field(ge=0, le=10_000)] = 1_000
    job_result_seconds: Annotated[float, Field(gt=0)] = 86_400.0
    identifier_base: str = "http://fhir.hl7.org.vn/core/"
    packages: Path = Path(".data/packages")
    field_profiles: DirectoryPath | None = None
    legal: bool = False
    legal_folder: Path = Path(".data/legal")
    legal_mongodb_uri: SecretStr | None = None
    legal_mongodb_uri_file: Path | None = None
    legal_database: str | None = None

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is no time zone of the IANA database.")
        return name

    @field_validator("terminology_server")
    @classmethod
    def _is_an_address(cls, address: str | None) -> str | None:
        parts = urlsplit(address or "http://none")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{address!r} is no http or https address.")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("the address has a user, a query or a fragment; give it without.")
        return address

    @field_validator("outbound_origins")
    @classmethod
    def _are_origins(cls, origins: list[str]) -> list[str]:
        for one in origins:
            if parsed(one).origin != one:
                raise ValueError(f"{one!r} is no origin, such as http://127.0.0.1:9000.")
        return origins

    @model_validator(mode="after")
    def _issuer_is_secure(self) -> "Settings":
        parts = urlsplit(self.issuer_url())
        secure = parts.scheme == "https" or parts.hostname in _LOOPBACK
        if self.auth == "smart" and not secure:
            raise ValueError(
                f"{self.issuer_url()} is not https: tokens would travel readable by everyone. "
                "Set FHIR_BASE_URL (or FHIR_ISSUER) to the https address callers use."
            )
        return self

    @model_validator(mode="after")
    def _identity_provider_is_whole(self) -> "Settings":
        if self.idp_issuer is None:
            return self
        parts = urlsplit(self.idp_issuer)
        if not parts.hostname or (parts.scheme != "https" and parts.hostname not in _LOOPBACK):
            raise ValueError("FHIR_IDP_ISSUER is an https address.")
        lost = [f"FHIR_IDP_{one}".upper() for one in _IDP if not getattr(self, f"idp_{one}")]
        if lost:
            raise ValueError(f"FHIR_IDP_ISSUER needs {', '.join(lost)} beside it.")
        if bool(self.idp_secret()) == bool(self.idp_client_key_file):
            raise ValueError(
                "FHIR_IDP_ISSUER needs FHIR_IDP_CLIENT_SECRET (or …_SECRET_FILE), or "
                "FHIR_IDP_CLIENT_KEY_FILE: one of them."
            )
        if "openid" not in self.idp_scopes.split():
            raise ValueError("FHIR_IDP_SCOPES needs openid among them.")
        return self

    @model_validator(mode="after")
    def _production_has_its_database(self) -> "Settings":
        if self.env == "production" and self.uri() is None:
            raise ValueError(
                "FHIR_ENV=production needs FHIR_MONGODB_URI (or FHIR_MONGODB_URI_FILE): "
                "the embedded database is for development, tests and demonstrations only."
            )
        return self

    @model_validator(mode="after")
    def _legal_has_its_user(self) -> "Settings":
        same = self.legal_uri() is not None and self.legal_uri() == self.uri()
        if self.legal and self.env == "production" and (same or self.legal_uri() is None):
            raise ValueError(
                "FHIR_LEGAL needs FHIR_LEGAL_MONGODB_URI (or …_FILE): a database user of its own, "
                "who reaches nothing of the health base."
            )
        if self.legal and self.auth == "none":
            raise ValueError("FHIR_LEGAL needs FHIR_AUTH=smart: nobody is let in without a token.")
        return self

    def uri(self) -> str | None:
        """Give the MongoDB address, or None where the embedded server is to be started."""
        return _secret(self.mongodb_uri, self.mongodb_uri_file)

    def legal_uri(self) -> str | None:
        """Give the MongoDB address of the legal base, with a user of its own; None where unset."""
        return _secret(self.legal_mongodb_uri, self.legal_mongodb_uri_file)

    def legal_name(self) -> str:
        """Give the name of the database of the legal base."""
        return self.legal_database or f"{self.database}_legal"

    def legal_root(self) -> str:
        """Give what the addresses of the legal base, its OAuth and its pages start with."""
        return self.base_url.rstrip("/").removesuffix("/fhir") + "/legal"

    def legal_checkpoints(self) -> Path | None:
        """Give the file of the audit's checkpoints of the legal base: beside the other base's."""
        path = self.audit_checkpoints
        return path.with_name(f"{path.name}-legal") if path else None

    def cursor_secret(self) -> bytes | None:
        """Give the key that signs paging links, or None where one is kept in the database."""
        key = _secret(self.cursor_key, self.cursor_key_file)
        return key.encode() if key else None

    def oauth_name(self) -> str:
        """Give the name of the authorization server's database."""
        return self.oauth_database or f"{self.database}_oauth"

    def issuer_url(self) -> str:
        """Give the address of the authorization server: beside the FHIR base where none is set."""
        beside = self.base_url.rstrip("/").removesuffix("/fhir") + "/oauth"
        return (self.issuer or beside).rstrip("/")

    def idp_secret(self) -> str:
        """Give our secret at the identity provider, or "" where a key proves who we are."""
        return _secret(self.idp_client_secret, self.idp_client_secret_file) or ""

    def citizen_secret(self) -> bytes | None:
        """Give the key of the hashes of citizen numbers, or None where one is in the database."""
        key = _secret(self.citizen_key, self.citizen_key_file)
        return key.encode() if key else None

    def audit_secret(self) -> bytes | None:
        """Give the key that signs audit events, or None where one is kept in the database."""
        key = _secret(self.audit_key, self.audit_key_file)
        return key.encode() if key else None

    def zone(self) -> ZoneInfo:
        """Give the time zone of dates written without one."""
        return ZoneInfo(self.time_zone)


def _secret(value: SecretStr | None, file: Path | None) -> str | None:
    if value is not None:
        return value.get_secret_value()
    return file.read_text(encoding="utf-8").strip() if file else None
