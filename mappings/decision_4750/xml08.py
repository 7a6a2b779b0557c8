"""XML8, the summary of the medical record → Composition (LOINC 60591-5)."""

from mappings.decision_4750.papers import (
    ADVICE,
    COURSE,
    DIAGNOSIS,
    RESULTS,
    TREATMENT,
    Paper,
    Part,
    composition,
)
from mappings.decision_4750.scene import Scene
from mappings.mapping import Draft

PAPER = Paper(
    "60591-5",
    "Patient summary Document",
    "Tóm tắt hồ sơ bệnh án",
    (
        Part("Chẩn đoán vào viện", "42347-5", ("CHAN_DOAN_VAO",)),
        DIAGNOSIS,
        COURSE,
        RESULTS,
        TREATMENT,
        ADVICE,
    ),
)


def record_summary(scene: Scene) -> list[Draft]:
    """Give the draft of XML8."""
    return [
        Draft("Composition/XML8", composition(scene, PAPER, row, None))
        for row in scene.rows("XML8")
    ]
