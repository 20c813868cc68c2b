"""Other people's programs judge our exports. Runs in an environment of its own and prints its verdicts as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CLASSES = {6003: "api_activity", 2004: "detection_finding", 2005: "incident_finding"}


def oscal(folder: Path) -> Iterator[str]:
    """Yield what compliance-trestle has against the documents in *folder*; it writes what it read once more, the same."""
    from trestle.oscal.assessment_results import AssessmentResults  # noqa: PLC0415
    from trestle.oscal.catalog import Catalog  # noqa: PLC0415
    from trestle.oscal.component import ComponentDefinition  # noqa: PLC0415
    from trestle.oscal.poam import PlanOfActionAndMilestones  # noqa: PLC0415

    models = {
        "component-definition": ComponentDefinition,
        "assessment-results": AssessmentResults,
        "plan-of-action-and-milestones": PlanOfActionAndMilestones,
    }
    for file in sorted(folder.glob("*.json")):
        try:
            read = models.get(file.stem, Catalog).oscal_read(file)
            ours = next(iter(json.loads(file.read_text()).values()))
            theirs = next(iter(json.loads(read.oscal_serialize_json()).values()))
            if ours["uuid"] != theirs["uuid"] or ours.keys() != theirs.keys():
                yield f"{file.name}: read as something else"
        except Exception as error:  # noqa: BLE001 - whatever it has against it
            yield f"{file.name}: {str(error)[:2000]}"


def cyclonedx(file: Path) -> Iterator[str]:
    """Yield what the strict validator of CycloneDX 1.6 has against the bill."""
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read_text()):
        yield str(error)[:2000]


def ocsf(file: Path) -> Iterator[str]:
    """Yield what the JSON Schema of each OCSF 1.8 class has against the events."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415
    from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema  # noqa: PLC0415

    schemas = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.8.0"))
    made: dict[Any, Any] = {}
    for line in file.read_text().splitlines():
        event = json.loads(line)
        key = (event["class_uid"], tuple(event["metadata"].get("profiles", ())))
        if key not in made:
            schema = schemas.get_class_schema(class_name=CLASSES[key[0]], profiles=list(key[1]))
            made[key] = Draft202012Validator(schema)
        for error in made[key].iter_errors(event):
            yield f"{event['metadata']['event_code']} {error.json_path}: {error.message[:300]}"


def sheet(file: Path) -> list[list[Any]]:
    """Return the rows of a workbook: each cell as its type and value."""
    from openpyxl import load_workbook  # noqa: PLC0415

    return [
        [[cell.data_type, None if cell.value is None else str(cell.value)] for cell in row]
        for page in load_workbook(file, read_only=True)
        for row in page.iter_rows()
    ]


if __name__ == "__main__":
    told: dict[str, Any] = {}
    for word in sys.argv[1:]:
        name, _, path = word.partition("=")
        told[name] = list(
            {"oscal": oscal, "cyclonedx": cyclonedx, "ocsf": ocsf, "sheet": sheet}[name](Path(path))
        )
    print(json.dumps(told))
