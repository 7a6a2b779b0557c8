"""What a visit cost: the rows of XML2 (medicines) and XML3 (services, supplies), and their sums."""

from dataclasses import dataclass

from mappings.synthetic.keys import Values, doctor, ma_lk, moment
from mappings.synthetic.money import Share, level, share, total
from mappings.synthetic.people import Person
from mappings.synthetic.visits import BED, SUPPLY, Done, Prescription, Visit

CANNULA = ("N03.02.070.TEST", "Kim luồn tĩnh mạch", "Cái", 14500)
NIGHTS_A_CANNULA = 3
_INSIDE, _OUTSIDE = "1", "2"  # PHAM_VI
_MEDICINE = "4"
_LAST_WITH_RESULTS = 3  # cost groups 1 to 3: laboratory, imaging, function tests
_NO_OTHER_SOURCE = dict.fromkeys(
    (
        "T_NGUONKHAC_NSNN",
        "T_NGUONKHAC_VTNN",
        "T_NGUONKHAC_VTTN",
        "T_NGUONKHAC_CL",
        "T_NGUONKHAC",
    ),
    "0",
)


@dataclass(frozen=True, slots=True)
class Bill:
    """The rows of both tables, and the shares of medicines, supplies and everything."""

    medicines: list[Values]
    services: list[Values]
    of_medicines: Share
    of_supplies: Share
    whole: Share


def bill(person: Person, visit: Visit) -> Bill:
    """Give the bill of a visit; its sums are those of its rows."""
    percent = level(person.cards)
    key = ma_lk(person, visit)
    medicines = [
        (one, share(one.medicine.price * one.quantity, percent)) for one in visit.prescriptions
    ]
    services = [(one, share(one.service.price * one.count, percent)) for one in visit.done]
    rows = [
        _service(visit, key, number, one, part) for number, (one, part) in enumerate(services, 1)
    ]
    supplies = []
    if visit.admitted:
        count = 1 + (visit.left - visit.admitted).days // NIGHTS_A_CANNULA
        supplies.append(share(CANNULA[3] * count, percent))
        rows.append(_supply(visit, key, len(rows) + 1, count, supplies[0]))
    of_medicines = total([part for _, part in medicines])
    of_supplies = total(supplies)
    return Bill(
        [_medicine(visit, key, at, one, part) for at, (one, part) in enumerate(medicines, 1)],
        rows,
        of_medicines,
        of_supplies,
        total([of_medicines, of_supplies, *(part for _, part in services)]),
    )


def _medicine(visit: Visit, key: str, number: int, given: Prescription, part: Share) -> Values:
    medicine = given.medicine
    dose = f"{medicine.dose} {medicine.dose_unit or medicine.unit.lower()}/lần"
    return {
        "MA_LK": key,
        "STT": str(number),
        "MA_THUOC": medicine.code,
        "MA_NHOM": _MEDICINE,
        "TEN_THUOC": medicine.name,
        "DON_VI_TINH": medicine.unit,
        "HAM_LUONG": medicine.strength,
        "DUONG_DUNG": medicine.route,
        "DANG_BAO_CHE": medicine.form,
        "LIEU_DUNG": f"{dose} * {medicine.times} lần/ngày * {given.days} ngày",
        "CACH_DUNG": medicine.how,
        "SO_LUONG": str(given.quantity),
        "DON_GIA": str(medicine.price),
        "NGAY_YL": moment(given.ordered),
        "NGAY_TH_YL": moment(given.ordered),
        "NGUON_CTRA": "1",
        **_paid(visit, part),
    }


def _service(visit: Visit, key: str, number: int, done: Done, part: Share) -> Values:
    service, facility = done.service, visit.occasion.facility
    price = str(service.price)
    return {
        "MA_LK": key,
        "STT": str(number),
        "MA_DICH_VU": service.code,
        "MA_PTTT_QT": service.icd9,
        "MA_NHOM": str(service.group),
        "TEN_DICH_VU": service.name,
        "DON_VI_TINH": service.unit,
        "SO_LUONG": str(done.count),
        "DON_GIA_BV": price,
        "DON_GIA_BH": price if part.covered else "0",
        "TYLE_TT_DV": "100",
        "MA_GIUONG": f"H{visit.occasion.number:03}" if service.group == BED else "",
        "NGUOI_THUC_HIEN": doctor(facility, done.staff),
        "MA_BENH": visit.occasion.diagnosis.code,
        "NGAY_YL": moment(done.ordered),
        "NGAY_TH_YL": moment(done.ordered),
        "NGAY_KQ": moment(done.resulted) if service.group <= _LAST_WITH_RESULTS else "",
        **_paid(visit, part),
    }


def _supply(visit: Visit, key: str, number: int, count: int, part: Share) -> Values:
    supply, name, unit, price = CANNULA
    ordered = moment(visit.admitted or visit.occasion.arrived)
    return {
        "MA_LK": key,
        "STT": str(number),
        "MA_VAT_TU": supply,
        "MA_NHOM": str(SUPPLY),
        "TEN_VAT_TU": name,
        "DON_VI_TINH": unit,
        "SO_LUONG": str(count),
        "DON_GIA_BV": str(price),
        "DON_GIA_BH": str(price) if part.covered else "0",
        "TYLE_TT_DV": "100",
        "MA_BENH": visit.occasion.diagnosis.code,
        "NGAY_YL": ordered,
        "NGAY_TH_YL": ordered,
        **_paid(visit, part),
    }


def _paid(visit: Visit, part: Share) -> Values:
    department = visit.occasion.diagnosis.department if visit.admitted else "K01"
    percent = part.fund * 100 // part.covered if part.covered else 0
    return _NO_OTHER_SOURCE | {
        "PHAM_VI": _INSIDE if part.covered else _OUTSIDE,
        "TYLE_TT_BH": "100" if part.covered else "0",
        "MUC_HUONG": str(percent),
        "THANH_TIEN_BV": str(part.amount),
        "THANH_TIEN_BH": str(part.covered),
        "T_BNTT": str(part.outside),
        "T_BNCCT": str(part.patient),
        "T_BHTT": str(part.fund),
        "MA_KHOA": department,
        "MA_BAC_SI": doctor(visit.occasion.facility, visit.doctor),
        "MA_PTTT": "1",
    }
