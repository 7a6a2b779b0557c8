"""FHIRPath by section of its specification: expression, what it gives as text ('' is empty)."""

import pytest

from tests.fhirpath.language.conftest import OBSERVATION

LITERALS = r"""
true | true
{} |
'a\'b\\\u0041\t' = 'a' & '\u0027b\\A	' | true
'\ud83d\ude00'.length() | 1
'\ud83d' | error
12 | 12
1.50 | 1.50
99999999999999999999 | error
@2014 is Date | true
@2014-01T is DateTime | true
@T12:30 is Time | true
@2014-13 | error
@T25:00 | error
4 'mg' | 4 'mg'
1 day | 1 day
2 days | 2 days
2 day | 2 days
1 /* a comment */ + 1 // the end | 2
name.`given`.first() | An
"""

NAVIGATION = """
name.given | An, Bình, Chi
Patient.name.use | official, usual
Observation.value |
birthDate.extension('https://example.org/time').value | 1980-02-29T08:30:00+07:00
birthDate.extension('https://example.org/none') |
birthDate.id | b1
telecom.value.count() | 2
telecom.value.hasValue() | false
telecom.first().value.hasValue() | true
telecom[1].value.exists() | true
telecom[1].value.extension.value | masked
telecom[1].value = '2' |
multipleBirth | 2
multipleBirthInteger |
contact.gender | male
contact.name.family | Lê
contained.name | Khoa
name[0].family | Trần
name[7] |
name[-1] |
name['a'] | error
nothing.at.all |
active.extension |
birthDate.getValue() is System.Date | true
active.getValue() | true
name.getValue() |
"""

EXISTENCE = """
name.exists() | true
name.exists(use = 'usual') | true
name.exists(use = 'old') | false
link.exists() | false
link.empty() | true
{}.empty() | true
name.all(given.exists()) | true
name.all(family.exists()) | false
link.all(false) | true
(true | false).allTrue() | false
{}.allTrue() | true
(true | false).anyTrue() | true
(true | false).allFalse() | false
(true | false).anyFalse() | true
('a' | true).allTrue() | error
('a' | 'b').subsetOf('a' | 'b' | 'c') | true
('a' | 'd').subsetOf('a' | 'b') | false
('a' | 'b').supersetOf('b') | true
name.given.count() | 3
link.count() | 0
('a').combine('a').distinct() | a
(1).combine(1.0).distinct() | 1
('a').combine('a').isDistinct() | false
name.isDistinct() | true
true.not() | false
{}.not() |
"""

FILTERING = """
name.where(use = 'usual').given | Chi
name.where(use = 'none').given |
name.where(use) | HumanName, HumanName
name.where(given) | error
name.select(given.first()) | An, Chi
name.select(given.count()) | 2, 1
name.given.select($index) | 0, 1, 2
name.select(given.select($index) | $index) | 0, 1, 0, 1
name.repeat(given) | An, Bình, Chi
'a'.repeat('a') | a
(1 | 2).repeat(3) | 3
contact.ofType(BackboneElement).count() | 1
name.ofType(Period) |
multipleBirth.ofType(integer) | 2
gender.ofType(string) |
gender.ofType(nothing) | error
multipleBirth as integer | 2
multipleBirth as boolean |
name.first() as HumanName | HumanName
(1 | 2 | 3).aggregate($this + $total, 0) | 6
(1 | 2 | 3).aggregate($this + $total) |
(5 | 3).aggregate(iif($total.empty() or $this < $total, $this, $total)) | 3
(1 | 2).aggregate($total | $index, {}) | 0, 1
(3 | 1 | 2).sort() | 1, 2, 3
(3 | 1 | 2).sort(-$this) | 3, 2, 1
('b' | 'a').sort() | a, b
name.sort(family.empty()).use | error
name.sort(use).use | official, usual
name.sort(-use).use | usual, official
name.given.trace('t').count() | 3
name.trace('t', given).count() | 2
"""

SUBSETTING = """
name.given.first() | An
name.given.last() | Chi
name.given.tail() | Bình, Chi
name.given.skip(2) | Chi
name.given.skip(-1).count() | 3
name.given.take(2) | An, Bình
name.given.take(0) |
name.given.take('1') | error
name.single() | error
link.single() |
contact.single().gender | male
(1 | 2 | 3).intersect(2 | 3 | 4) | 2, 3
(1 | 2 | 3).exclude(2) | 1, 3
1.combine(1).exclude(2) | 1, 1
(1 | 2).union(2 | 3) | 1, 2, 3
(1 | 2).combine(2) | 1, 2, 2
name.given | name.family | An, Bình, Chi, Trần
"""

CONVERSION = """
iif(true, 1, 2) | 1
iif({}, 1, 2) | 2
iif(false, 1) |
iif('a', 1, 2) | error
iif(1 | 2, 1, 2) | error
iif(true, 1, 1 div 'a') | 1
'T'.toBoolean() | true
'0.0'.toBoolean() | false
'maybe'.toBoolean() |
2.toBoolean() |
'maybe'.convertsToBoolean() | false
{}.convertsToBoolean() |
(1 | 2).toBoolean() | error
'12'.toInteger() | 12
'1.5'.toInteger() |
'2147483648'.toInteger() |
'-2147483648'.toInteger() | -2147483648
true.toInteger() | 1
'1.50'.toDecimal() | 1.50
'1e3'.toDecimal() |
1.toDecimal() is Decimal | true
'2014-02'.toDate() | 2014-02
'2014-02-30'.toDate() |
@2014-02-04T10:00:00Z.toDate() | 2014-02-04
'2014-02-04T10'.toDateTime() | 2014-02-04T10
'24:00'.toTime() |
'10:30'.toTime() | 10:30
'4 days'.toQuantity() | 4 days
'4 \\'mg\\''.toQuantity() | 4 'mg'
'4 mg'.toQuantity() |
1.5.toQuantity() | 1.5 '1'
'1 \\'g\\''.toQuantity('mg') | 1000 'mg'
'1 \\'g\\''.convertsToQuantity('m') | false
'1 week'.toQuantity('day') | 7 days
1.50.toString() | 1.50
true.toString() | true
4 'mg'.toString() | 4 'mg'
name.toString() | error
contact.toString() |
contact.convertsToString() | false
"""

STRINGS = r"""
'abc'.indexOf('c') | 2
'abc'.indexOf('x') | -1
'abca'.lastIndexOf('a') | 3
'abc'.substring(1) | bc
'abc'.substring(1, 1) | b
'abc'.substring(3) |
'abc'.substring(0, -1) = '' | true
'abc'.startsWith('ab') | true
'abc'.endsWith('ab') | false
'abc'.contains('b') | true
{}.startsWith('a') |
'abc'.startsWith({}) |
1.startsWith('1') | error
'abc'.startsWith(1) | error
name.given.startsWith('A') | error
'Ấn'.upper() | ẤN
'ẤN'.lower() | ấn
' a '.trim() | a
'Bình'.length() | 4
'abcb'.replace('b', 'x') | axcx
'ab'.replace('', '-') | -a-b-
'abc'.matches('b') | true
'abc'.matches('^b') | false
'abc'.matchesFull('a.c') | true
'abc'.matchesFull('a|ab') | false
'31/12/2026'.replaceMatches('(?<d>\\d+)/(?<m>\\d+)/(\\d+)', '$3-${m}-${d}') | 2026-12-31
'aaa'.replaceMatches('a', '$0b') | ababab
'ab'.replaceMatches('x*', '-') | -a-b-
'abc'.matches('(') | error
'abc'.matches('(?=a)') | error
'abc'.replaceMatches('b', '$7') | error
'ab'.toChars() | a, b
'a,b,,c'.split(',').count() | 4
('a' | 'b').join('-') | a-b
('a' | 'b').join() | ab
{}.join(',') |
(1 | 2).join(',') | error
'test'.encode('base64').decode('base64') | test
'té'.encode('hex') | 74c3a9
'zz'.decode('hex') |
'a'.encode('rot13') |
'<a>'.escape('html').unescape('html') | <a>
'a"b'.escape('json').unescape('json') | a"b
'a' & 'b' | ab
'a' & {} | a
{} & {} = '' | true
'a' + 'b' | ab
'a' + {} |
'a' & 1 | error
"""

MATH = """
1 + 2 * 3 | 7
(1 + 2) * 3 | 9
-3 + 1 | -2
-(1.5) | -1.5
-'a' | error
+'a' | error
0.1 + 0.2 | 0.3
1.10 * 1.1 | 1.210
1 / 3 | 0.3333333333333333333333333333
6 / 2 = 3 | true
1 / 0 |
1.0 / 0.0 |
7 div 2 | 3
-7 div 2 | -3
(-7) mod 2 | -1
7.5 div 2 | 3
7.5 mod 2 | 1.5
7 mod 0 |
2147483647 + 1 |
'a' - 'b' | error
true + 1 | error
1 + {} |
(1 | 2) + 1 | error
(-5.5).abs() | 5.5
(-5 'mg').abs() | 5 'mg'
1.2.ceiling() | 2
(-1.2).ceiling() | -1
1.8.floor() | 1
(-1.2).floor() | -2
(-1.8).truncate() | -1
2.5.round() | 3
3.14159.round(2) | 3.14
1.round(-1) |
16.sqrt() = 4 | true
(-1).sqrt() |
0.exp() = 1 | true
1.ln() = 0 | true
0.ln() |
8.log(2) = 3 | true
2.power(10) | 1024
2.power(-1) = 0.5 | true
2.power(64) |
9.power(0.5) = 3 | true
(-1).power(0.5) |
'a'.abs() | error
1.587.lowBoundary() | 1.58650000
1.587.highBoundary(2) | 1.59
1.highBoundary(40) |
1.587 'cm'.lowBoundary() | 1.58650000 'cm'
@2024-02.highBoundary() | 2024-02-29
@2024.lowBoundary(6) | 2024-01
@2024-02-03T10.highBoundary(17) | 2024-02-03T10:59:59.999-12:00
@2024-02-03T10:30+07:00.lowBoundary() | 2024-02-03T10:30:00.000+07:00
@T10.highBoundary() | 10:59:59.999
'a'.lowBoundary() | error
1.580.precision() | 3
@2024-02.precision() | 6
1 'cm'.comparable(1 'm') | true
1 'cm'.comparable(1 's') | false
"""

EQUALITY = """
1 = 1.0 | true
1 = 2 | false
1 = {} |
{} = {} |
'a' = 'A' | false
true = true | true
1 = '1' | false
(1 | 2) = (1 | 2) | true
(1 | 2) = (2 | 1) | false
(1 | 2) = 1 | false
name = name | true
name[0] = name[1] | false
gender = 'female' | true
@2014-01 = @2014-01-01 |
@2014-01 = @2015-01-01 | false
@2014-01-01T10:00:00Z = @2014-01-01T17:00:00+07:00 | true
@2014-01-01T10:00:00Z = @2014-01-01T10:00:00 |
@2014-01-01T23:00:00Z = @2014-01-02T06:00:00+07:00 | true
@T10:00 = @T10:00:00 |
@T10:00:00 = @T10:00:00.0 | true
1 'g' = 1000 'mg' | true
1 'g' = 1 'm' |
1 week = 7 days | true
1 year = 12 months | true
1 year = 1 'a' |
1 day = 1 'd' | true
1 = 1 '1' | true
1 != 2 | true
1 != {} |
'a' ~ ' A ' | true
'a  b' ~ 'A b' | true
{} ~ {} | true
{} ~ 1 | false
1.234 ~ 1.23 | true
1.26 ~ 1.2 | false
12 ~ 120 | false
(1 | 2) ~ (2 | 1) | true
@2014-01 ~ @2014-01-01 | false
1 year ~ 1 'a' | true
4 'g' ~ 4040 'mg' | true
'a' !~ 'b' | true
name ~ name | true
"""

COMPARISON = """
1 < 2 | true
1 < 1.0 | false
2 >= 2 | true
'a' < 'b' | true
1 < {} |
1 < 'a' | error
true > false | error
(1 | 2) > 1 | error
@2014-01 < @2014-02 | true
@2014-01 < @2014-01-15 |
@2014-01-01T10:00 <= @2014-01-01T10:00:30 |
@T10:00 < @T11 | true
birthDate < today() | true
now() > birthDate | true
birthDate < @1980 |
1 'kg' > 900 'g' | true
1 'kg' > 1 'm' |
1 > 0 '1' | true
"""

TYPES = """
active is boolean | true
active is Boolean | false
active is System.Boolean | false
active is FHIR.boolean | true
true is Boolean | true
true is System.Boolean | true
gender is code | true
gender is string | true
gender is id | false
$this is DomainResource | true
$this is Patient | true
contact is BackboneElement | true
name is HumanName | error
link is BackboneElement |
active is Nothing | error
1.is(Integer) | true
1.type().name | Integer
active.type().namespace | FHIR
active.type().name | boolean
contact.type().name | BackboneElement
1 > 2 is Boolean | error
"""

LOGIC = """
true and {} |
false and {} | false
{} and false | false
true or {} | true
{} or true | true
{} or false |
true xor true | false
true xor {} |
true implies false | false
false implies {} | true
{} implies true | true
{} implies false |
true and 'a' | true
true and (1 | 2) | error
true or false and false | true
true implies false or true | true
"""

COLLECTIONS = """
1 in (1 | 2) | true
3 in (1 | 2) | false
{} in (1 | 2) |
1 in {} | false
(1 | 2) in (1 | 2) | error
(1 | 2) contains 2 | true
gender in ('male' | 'female') | true
1 | 1.0 | 2 | 1, 2
(@2014 | @2014-01).count() | 2
(1 'g' | 1000 'mg').count() | 1
"""

TIME = """
now() | 2026-11-28T09:30:00.250+07:00
today() | 2026-11-28
timeOfDay() | 09:30:00.250
now() = now() | true
@2014-01-31 + 1 month | 2014-02-28
@2016-02-29 + 1 year | 2017-02-28
@2014-03-31 - 1 month | 2014-02-28
@2014 + 24 months | 2016
@2014 + 12 months | 2015
@2014 + 23 months | 2015
@2014-01 + 45 days | 2014-02
@2014 + 365 days | 2015
@2014-01-01 + 1 hour | 2014-01-01
@2014-01-01 + 25 hours | 2014-01-02
@2014-01-01T10 + 90 minutes | 2014-01-01T11
@2014-01-01T10:00:00 + 1.5 seconds | 2014-01-01T10:00:01.5
@2014-01-01T10:00:00.5 - 500 milliseconds | 2014-01-01T10:00:00.0
@2014-01-01T23:30:00+07:00 + 1 hour | 2014-01-02T00:30:00+07:00
@T23:30 + 1 hour | 00:30
@T10:30 - 1 hour | 09:30
@T10:30 + 1 day |
@2014-01-01 + 1 'd' | 2014-01-02
@2014-01-01 + 1 'mo' | error
@2014-01-01 + 1 'cm' | error
@2014-01-01 + 1 | error
@9999-12-31 + 1 day |
@2014-01-01 + 99999999999999999 days |
birthDate + 18 years | 1998-02-28
2 'cm' * 3 'm' = 0.06 'm2' | true
6 'g' / 2 'm' | 3 'g/m'
6 'g' / 2 'g' | 3 '1'
6 'g' / 0 'g' |
1 'm' + 1 'cm' | 1.01 'm'
1 'm' + 1 's' |
2 * 3 'm' | 6 'm'
"""

FHIR = """
managingOrganization.resolve().name | Khoa
generalPractitioner.resolve() is Practitioner | true
generalPractitioner.resolve().id | d1
'Practitioner/none'.resolve() |
'#none'.resolve() |
%resource.id | p1
%context.id | p1
%rootResource.id | p1
name.select(%context.id) | p1, p1
name.where(%resource.name.count() = 2).count() | 2
%ucum | http://unitsofmeasure.org
%sct | http://snomed.info/sct
%loinc | http://loinc.org
%`vs-x` | http://hl7.org/fhir/ValueSet/x
%vs-x | http://hl7.org/fhir/ValueSet/x
%'ext-x' | http://hl7.org/fhir/StructureDefinition/x
%unknown | error
$unknown | error
children().count() | 14
descendants().where($this is Extension).count() | 2
name.descendants().ofType(string) | Trần, An, Bình, Chi
name.htmlChecks() | error
text.div.htmlChecks() |
elementDefinition() |
slice('https://example.org/p', 'a') |
name.checkModifiers('https://example.org/m').count() | 2
unknown() | error
exists(1, 2) | error
name.where() | error
%terminologies.expand('x') |
"""

SECTIONS = {
    name: rows for name, rows in list(globals().items()) if name.isupper() and isinstance(rows, str)
}
ROWS = [
    (name, *(part.strip() for part in row.rpartition(" |")[::2]))
    for name, rows in SECTIONS.items()
    for row in rows.strip().splitlines()
]


@pytest.mark.parametrize(("section", "expression", "expected"), ROWS)
def test_an_expression_gives_what_its_section_says(says, section, expression, expected):
    assert says(expression) == expected


OF_AN_OBSERVATION = [
    ("value.value", "65.50"),
    ("value", "65.50 'kg'"),
    ("value > 65 'kg'", "true"),
    ("value < 70000 'g'", "true"),
    ("value + 500 'g'", "66.00 'kg'"),
    ("value.value + 0.5", "66.00"),
    ("Observation.value is Quantity", "true"),
    ("value is System.Quantity", "false"),
    ("(value as Quantity).unit", "kg"),
    ("valueQuantity", ""),
    ("effective < now()", "true"),
    ("effective = @2026-11-28T02:15:00Z", "true"),
    ("code.coding.where(system = %loinc).code", "29463-7"),
]


@pytest.mark.parametrize(("expression", "expected"), OF_AN_OBSERVATION)
def test_a_quantity_of_fhir_is_one_of_fhirpath(says, expression, expected):
    assert says(expression, OBSERVATION) == expected
