"""The operation `POST /fhir/Patient/$unmerge`: a merge is taken back, as far as it stands."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import batched, groupby
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Conflict, Issue, NotFound, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.fhir.reference import Reference
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.write import change, checked
from fhir_server.operations import lineage, persons
from fhir_server.operations.inputs import inputs, referred
from fhir_server.operations.lineage import Lineage
from fhir_server.operations.persons import PATIENT
from fhir_server.search.condition import AnyOf
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction
