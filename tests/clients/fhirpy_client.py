"""fhirpy, unchanged, against a running service: create, read, search, update, delete.

Takes the JSON that `vouchsafe demo --json` prints on standard input.
"""

import json
import sys

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound


def main() -> None:
    demo = json.load(sys.stdin)
    base = demo["fhir"]
    client = SyncFHIRClient(
        base,
        authorization="Bearer " + demo["tokens"]["integration"],
        requests_config={"verify": demo["cacert"]},
    )
    patient = client.resource(
        "Patient",
        name=[{"family": "Fhirpy", "given": ["Test"]}],
        birthDate="1980-04-01",
        gender="female",
        identifier=[{"system": "urn:test:fhirpy", "value": "fp-1"}],
    )
    patient.save()
    assert patient.id, "create gives an id"

    read = client.reference("Patient", patient.id).to_resource()
    assert read["name"][0]["family"] == "Fhirpy"

    found = client.resources("Patient").search(identifier="urn:test:fhirpy|fp-1").fetch_all()
    assert [resource.id for resource in found] == [patient.id], found
    found = client.resources("Patient").search(family="fhirpy", birthdate="1980-04-01").fetch()
    assert patient.id in [resource.id for resource in found]
    assert client.resources("Patient").search(identifier="urn:test:fhirpy|none").fetch() == []

    read["birthDate"] = "1980-04-02"
    read.save()
    again = client.reference("Patient", patient.id).to_resource()
    assert again["birthDate"] == "1980-04-02"
    assert again["meta"]["versionId"] == "2"

    observation = client.resource(
        "Observation",
        status="final",
        code={"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        subject={"reference": f"Patient/{patient.id}"},
        valueQuantity={"value": 61, "unit": "/min"},
    )
    observation.save()
    found = client.resources("Observation").search(patient=patient.id).fetch()
    assert [resource.id for resource in found] == [observation.id]

    observation.delete()
    try:
        client.reference("Observation", observation.id).to_resource()
    except (ResourceNotFound, OperationOutcome):
        pass
    else:
        raise AssertionError("a deleted resource is gone")

    clinician = SyncFHIRClient(
        base,
        authorization="Bearer " + demo["tokens"]["clinician"],
        requests_config={"verify": demo["cacert"]},
    )
    assert clinician.reference("Patient", demo["patients"]["in_care"]).to_resource()["name"]
    try:
        clinician.reference("Patient", demo["patients"]["out_of_care"]).to_resource()
    except ResourceNotFound:
        pass
    else:
        raise AssertionError("another's patient is not there")
    print("fhirpy: create, read, search, update, delete and refusal as they should be")


if __name__ == "__main__":
    main()
