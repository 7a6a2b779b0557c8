"""A flame graph: wide is often, and what all stacks have in common is left out."""

import xml.etree.ElementTree as ET

from benchmarks.flame import picture

STACKS = """
main:run;fhir_server.read:read;json:dump 3
main:run;fhir_server.read:read 1
main:run;bson:decode 1
"""


def test_a_frame_is_as_wide_as_it_was_seen_often():
    drawn = ET.fromstring(picture.drawn(picture.read(STACKS), "reads"))
    widths = {
        group[0].text.partition(" ")[0]: float(group[1].get("width"))
        for group in drawn.iter("{http://www.w3.org/2000/svg}g")
    }
    assert widths == {"fhir_server.read:read": 960.0, "json:dump": 720.0, "bson:decode": 240.0}


def test_names_cannot_break_the_picture():
    drawn = picture.drawn({("a:<locals>&", "b:c"): 1, ("x:y",): 1}, "<title>")
    ET.fromstring(drawn)
