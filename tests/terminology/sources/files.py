"""Small files in the official formats, with invented codes."""

import zipfile

CLAML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE ClaML SYSTEM "ClaML.dtd">
<ClaML version="2.0.0"><Title name="ICD-10-TEST" version="2031">Test</Title>
<Class code="XXII" kind="chapter"><SubClass code="Z98-Z99"/>
 <Rubric kind="preferred"><Label xml:lang="en">Invented diseases</Label></Rubric></Class>
<Class code="Z98-Z99" kind="block"><SuperClass code="XXII"/>
 <Rubric kind="preferred"><Label xml:lang="en">Rare inventions</Label></Rubric></Class>
<Class code="Z99" kind="category"><SuperClass code="Z98-Z99"/>
 <Rubric kind="preferred"><Label xml:lang="en">Test <Fragment>fever</Fragment>
   <Reference>Z98</Reference></Label></Rubric>
 <Rubric kind="inclusion"><Label xml:lang="en">Fever of tests</Label></Rubric>
 <Rubric kind="note"><Label xml:lang="en">No text of the code.</Label></Rubric></Class>
<Class code="Z99.9" kind="category"><SuperClass code="Z99"/>
 <Rubric kind="preferred"><Label xml:lang="en">Test fever, unspecified</Label></Rubric></Class>
</ClaML>
"""

# The list of the Ministry, saved as CSV: headings as a spreadsheet has them.
MINISTRY = """Mã chương;Tên chương;Nhóm;Tên nhóm;Mã bệnh;Tên bệnh;Disease name;Không sử dụng;Nữ
XXII;Bệnh bịa đặt;Z98-Z99;Bịa hiếm;Z99;Sốt kiểm thử;Test fever;;
XXII;Bệnh bịa đặt;Z98-Z99;Bịa hiếm;Z99.9;Viêm phổi kiểm thử;Test pneumonia;;x
XXII;Bệnh bịa đặt;Z98-Z99;Bịa hiếm;Z99.91†;Sốt cũ;;1;
"""

LOINC = """"LOINC_NUM","COMPONENT","SYSTEM","CLASS","STATUS","SHORTNAME","LONG_COMMON_NAME"
"99991-1","Unobtainium","Ser","CHEM","ACTIVE","Unob SerPl","Unobtainium, ""pure"" in Serum"
"99992-2","Unobtainium","Urine","CHEM","DEPRECATED","","Unobtainium in Urine"
"""
HIERARCHY = """PATH_TO_ROOT,SEQUENCE,IMMEDIATE_PARENT,CODE,CODE_TEXT
,1,,LP99999-0,Chemistry of tests
LP99999-0,1,LP99999-0,LP99998-1,Unobtainium
LP99999-0.LP99998-1,1,LP99998-1,99991-1,Unobtainium Ser
LP99999-0.LP99998-1,2,LP99998-1,99992-2,Unobtainium Ur
"""

SNOMED = {
    "sct2_Concept_Snapshot_INT_20310101.txt": """id effectiveTime active moduleId definitionStatusId
9001 20310101 1 900000000000207008 900000000000074008
9002 20310101 1 900000000000207008 900000000000073002
9003 20310101 0 900000000000207008 900000000000074008
9100 20310101 1 900000000000207008 900000000000074008
""",
    "sct2_Description_Snapshot-en_INT_20310101.txt": """\
id effectiveTime active moduleId conceptId languageCode typeId term caseSignificanceId
1 20310101 1 x 9001 en 900000000000003001 Finding_(finding) x
2 20310101 1 x 9001 en 900000000000013009 Finding x
3 20310101 1 x 9002 en 900000000000013009 Imaginary_ache x
4 20310101 1 x 9002 en 900000000000013009 "Ache x
5 20310101 0 x 9002 en 900000000000013009 Old_name x
6 20310101 1 x 9002 en 900000000000003001 "Ache_(finding) x
""",
    "sct2_Relationship_Snapshot_INT_20310101.txt": """\
id effectiveTime active moduleId sourceId destinationId relationshipGroup typeId
1 20310101 1 x 9002 9001 0 116680003
2 20310101 0 x 9003 9001 0 116680003
3 20310101 1 x 9002 9100 1 9100
""",
    "der2_cRefset_LanguageSnapshot-en_INT_20310101.txt": """\
id effectiveTime active moduleId refsetId referencedComponentId acceptabilityId
a 20310101 1 x r 2 900000000000548007
b 20310101 1 x r 3 900000000000549004
c 20310101 1 x r 4 900000000000548007
d 20310101 1 x r 6 900000000000548007
""",
}


def tabbed(text: str) -> str:
    """Give an RF2 file: cells parted by tabs, lines by CRLF, `_` is a space in a term."""
    return text.replace(" ", "\t").replace("_", " ").replace("\n", "\r\n")


def snomed(folder, inside="Snapshot/Terminology"):
    """Write an RF2 release as a folder."""
    under = folder / inside
    under.mkdir(parents=True)
    for name, text in SNOMED.items():
        (under / name).write_bytes(tabbed(text).encode())
    return folder


def zipped(path, **files):
    """Write a ZIP; in a name `__` is a slash and the ending is .csv."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name.replace('__', '/')}.csv", text)
    return path
