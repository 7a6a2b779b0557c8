"""What a visit was, as the fields of XML1 (the summary), XML4 (results) and XML5 (the course).

Values are given as they stand in XML; field order is the table's own, see envelope.
"""

from collections.abc import Iterator
from datetime import datetime
from xml.sax.saxutils import escape

from mappings.synthetic.charges import Bill
from mappings.synthetic.keys import Values, code, day, doctor, head, letter, ma_lk, moment
from mappings.synthetic.people import Person
from mappings.synthetic.visits import INPATIENT, LONG_TERM, Visit

VIET_NAM, NO_OCCUPATION = "000", "00000"
RECOVERED, IMPROVED, UNCHANGED = "1", "2", "3"
DISCHARGED, REFERRED, REFERRED_ON_REQUEST = "1", "2", "5"


def summary(person: Person, visit: Visit, bill: Bill) -> Values:
    """Give the row of XML1."""
    return {
        "MA_LK": ma_lk(person, visit),
        "STT": "1",
        **_person(person, visit),
        **_reasons(visit),
        **_stay(person, visit),
        **_outcome(visit),
        **_sums(visit, bill),
        "MA_KHOA": f"K01;{visit.occasion.diagnosis.department}" if visit.admitted else "K01",
        "MA_CSKCB": code(visit.occasion.facility),
        "CAN_NANG": f"{visit.weight:.2f}",
        "NGAY_TAI_KHAM": day(visit.follow_up) if visit.follow_up else "",
        "MA_TTDV": head(visit.occasion.facility),
    }


def results(person: Person, visit: Visit) -> Iterator[Values]:
    """Give the rows of XML4; the reference range stands in MO_TA, the table has no field for it."""
    key = ma_lk(person, visit)
    number = 0
    for done in visit.done:
        reader = doctor(visit.occasion.facility, done.staff)
        for finding in done.findings:
            number += 1
            yield {
                "MA_LK": key,
                "STT": str(number),
                "MA_DICH_VU": done.service.code,
                "MA_CHI_SO": f"TEST.{finding.key}" if finding.key else "",
                "TEN_CHI_SO": finding.name,
                "GIA_TRI": escape(finding.value),
                "DON_VI_DO": finding.unit,
                "MO_TA": finding.text,
                "KET_LUAN": finding.conclusion,
                "NGAY_KQ": moment(done.resulted),
                "MA_BS_DOC_KQ": reader,
            }


def course(person: Person, visit: Visit) -> Iterator[Values]:
    """Give the rows of XML5."""
    key = ma_lk(person, visit)
    for number, note in enumerate(visit.notes, 1):
        yield {
            "MA_LK": key,
            "STT": str(number),
            "DIEN_BIEN_LS": escape(note.text),
            "THOI_DIEM_DBLS": moment(note.time),
            "NGUOI_THUC_HIEN": doctor(visit.occasion.facility, visit.doctor),
        }


def _person(person: Person, visit: Visit) -> Values:
    facility = visit.occasion.facility
    number = f"{person.seed}.{person.number:06}"
    return {
        "MA_BN": f"BN{number}",
        "HO_TEN": person.name,
        "SO_CCCD": person.citizen_id,
        "NGAY_SINH": person.birth,
        "GIOI_TINH": person.sex,
        "NHOM_MAU": person.blood,
        "MA_QUOCTICH": VIET_NAM,
        "MA_DANTOC": person.ethnicity,
        "MA_NGHE_NGHIEP": NO_OCCUPATION,
        "DIA_CHI": person.address,
        "MATINH_CU_TRU": person.province,
        "MAXA_CU_TRU": person.commune,
        "DIEN_THOAI": person.phone,
        "MA_HSBA": f"HS{code(facility)}.{number}.{visit.occasion.number}",
        **_cards(person, visit.occasion.arrived),
    }


def _cards(person: Person, today: datetime) -> Values:
    """Give the cards as parallel lists: one is valid all year, of two each half of it."""
    cards, year = person.cards, today.year
    if not cards:
        return {}
    halves = ((f"{year}0101", f"{year}0630"), (f"{year}0701", f"{year}1231"))
    spans = halves if len(cards) > 1 else ((halves[0][0], halves[1][1]),)
    return {
        "MA_THE_BHYT": ";".join(cards),
        "MA_DKBD": ";".join([code(person.home)] * len(cards)),
        "GT_THE_TU": ";".join(start for start, _ in spans),
        "GT_THE_DEN": ";".join(end for _, end in spans),
    }


def _reasons(visit: Visit) -> Values:
    occasion = visit.occasion
    main = occasion.diagnosis
    return {
        "LY_DO_VV": visit.reason,
        "LY_DO_VNT": main.arrival if visit.admitted else "",
        "CHAN_DOAN_VAO": main.arrival,
        "CHAN_DOAN_RV": "; ".join(one.name for one in occasion.diseases),
        "MA_BENH_CHINH": main.code,
        "MA_BENH_KT": ";".join(one.code for one in occasion.others),
        "MA_PTTT_QT": ";".join(done.service.icd9 for done in visit.done if done.service.icd9),
        "MA_DOITUONG_KCB": occasion.category,
        "MA_TAI_NAN": main.accident,
        "PP_DIEU_TRI": main.treatment,
        "GHI_CHU": main.advice,
    }


def _stay(person: Person, visit: Visit) -> Values:
    occasion = visit.occasion
    return {
        "NGAY_VAO": moment(occasion.arrived),
        "NGAY_VAO_NOI_TRU": moment(visit.admitted) if visit.admitted else "",
        "NGAY_RA": moment(visit.left),
        "MA_NOI_DI": code(occasion.came_from) if occasion.came_from else "",
        "MA_NOI_DEN": code(visit.referred_to) if visit.referred_to else "",
        "GIAY_CHUYEN_TUYEN": letter(person, occasion.came_by) if occasion.came_by else "",
        "MA_LOAI_KCB": visit.kind,
        "SO_NGAY_DTRI": str(_days(visit)),
    }


def _days(visit: Visit) -> int:
    """Count the days of treatment as the decree does for each form of care."""
    if visit.kind == INPATIENT:
        return (visit.left.date() - visit.occasion.arrived.date()).days + 1
    if visit.kind == LONG_TERM:
        return max((one.days for one in visit.prescriptions), default=0)
    return 0


def _outcome(visit: Visit) -> Values:
    result = RECOVERED if visit.occasion.again else IMPROVED
    if visit.occasion.diagnosis.chronic:
        result = IMPROVED
    left = DISCHARGED
    if visit.referred_to:
        result, left = UNCHANGED, REFERRED_ON_REQUEST if visit.on_request else REFERRED
    return {"KET_QUA_DTRI": result, "MA_LOAI_RV": left}


def _sums(visit: Visit, bill: Bill) -> Values:
    whole = bill.whole
    return {
        "NGAY_TTOAN": moment(visit.left),
        "T_THUOC": str(bill.of_medicines.amount),
        "T_VTYT": str(bill.of_supplies.amount),
        "T_TONGCHI_BV": str(whole.amount),
        "T_TONGCHI_BH": str(whole.covered),
        "T_BNTT": str(whole.outside),
        "T_BNCCT": str(whole.patient),
        "T_BHTT": str(whole.fund),
        "T_NGUONKHAC": "0",
        "T_BHTT_GDV": "0",
        "NAM_QT": str(visit.left.year),
        "THANG_QT": str(visit.left.month),
    }
