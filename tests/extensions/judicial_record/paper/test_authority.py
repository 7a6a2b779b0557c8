"""Whose certificate pages are signed by: a test authority's for trying out, and never elsewhere."""

from uuid import uuid4

import pytest

from extensions.judicial_record.office import Issuer
from extensions.judicial_record.paper import authority
from extensions.judicial_record.proof.signer import FileSigner
from fhir_server.fhir.errors import Unavailable
from fhir_server.store.records import Records
from tests.extensions.judicial_record.paper.signing import AT
from tests.records import drop

ISSUER = "Organization/issuer-99"


@pytest.fixture
def records(mongodb_uri):
    opened = Records.open(mongodb_uri, f"test_{uuid4().hex}")
    yield opened
    drop(opened)
    opened.close()


def test_a_test_authority_is_for_trying_out_alone(records, tmp_path):
    signer = FileSigner(tmp_path / "signing", lambda: b"a passphrase for tests")
    issuers = {"issuer-99": Issuer("issuer-99", "Công an thử nghiệm 99", "Thử", "{n}")}

    def of(*, sample):
        return authority.credentials(records, signer, issuers, lambda: AT, sample=sample)(ISSUER)

    with pytest.raises(Unavailable, match="page-certificate"):
        of(sample=False)
    assert records.get("page_certificates", "Organization/issuer-99") is None
    made = of(sample=True)
    assert of(sample=True).certificate == made.certificate
    # What was made for trying out is no certificate of an office that is meant.
    with pytest.raises(Unavailable, match="page-certificate"):
        of(sample=False)
