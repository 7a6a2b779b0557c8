"""The papers a visit ends with: XML7 and XML8 after a stay, XML13 a referral, XML14 a slip.

Each repeats fields of XML1: `said` is that row, and a paper takes from it what it has a field for.
"""

from xml.sax.saxutils import escape

from mappings.synthetic.keys import Values, day, doctor, letter, moment
from mappings.synthetic.people import Person, staff_name
from mappings.synthetic.visits import Visit

_CONDITIONS_MET, _ON_REQUEST = "1", "3"
_TOLD = 3  # results and services a letter names


def discharge_paper(visit: Visit, said: Values) -> Values:
    """Give the row of XML7."""
    facility = visit.occasion.facility
    return said | {
        "SO_LUU_TRU": said["MA_HSBA"],
        "MA_YTE": said["MA_BN"],
        "MA_KHOA_RV": visit.occasion.diagnosis.department,
        "MA_DINH_CHI_THAI": "0",
        "PP_DIEUTRI": said["PP_DIEU_TRI"],
        "MA_BS": doctor(facility, visit.doctor),
        "TEN_BS": staff_name(facility, visit.doctor),
        "NGAY_CT": day(visit.left),
    }


def record_summary(visit: Visit, said: Values) -> Values:
    """Give the row of XML8."""
    return said | {
        "QT_BENHLY": _course(visit),
        "TOMTAT_KQ": _results(visit),
        "PP_DIEUTRI": said["PP_DIEU_TRI"],
        "NGAY_CT": day(visit.left),
    }


def referral(person: Person, visit: Visit, said: Values) -> Values:
    """Give the row of XML13."""
    main, number = visit.occasion.diagnosis, letter(person, visit.paper)
    services = [done.service.name for done in visit.done if done.findings]
    return said | {
        "SO_HOSO": said["MA_HSBA"],
        "SO_CHUYENTUYEN": number.replace("GCT", "CT"),
        "GIAY_CHUYEN_TUYEN": number,
        "DAU_HIEU_LS": main.signs,
        "QT_BENHLY": _course(visit),
        "TOMTAT_KQ": _results(visit),
        "PP_DIEUTRI": said["PP_DIEU_TRI"],
        "TEN_DICH_VU": "; ".join(services[:_TOLD]) or visit.done[0].service.name,
        "TEN_THUOC": "; ".join(one.medicine.name for one in visit.prescriptions),
        "MA_LYDO_CT": _ON_REQUEST if visit.on_request else _CONDITIONS_MET,
        "HUONG_DIEU_TRI": main.onward,
        "PHUONGTIEN_VC": "Xe cứu thương" if main.emergency else "Tự túc",
        "MA_BAC_SI": doctor(visit.occasion.facility, visit.doctor),
    }


def follow_up_slip(person: Person, visit: Visit, said: Values) -> Values:
    """Give the row of XML14."""
    appointed = visit.follow_up or visit.left
    return said | {
        "SO_GIAYHEN_KL": letter(person, visit.paper),
        "NGAY_HEN_KL": moment(appointed),
        "MA_BAC_SI": doctor(visit.occasion.facility, visit.doctor),
        "NGAY_CT": day(visit.left),
    }


def _course(visit: Visit) -> str:
    last = visit.notes[-1].text.partition(" CSST")[0]
    first = f"{visit.reason}. {visit.occasion.diagnosis.signs}"
    return f"{first} {last}" if len(visit.notes) > 1 else first


def _results(visit: Visit) -> str:
    told = [
        f"{one.name} {one.value} {one.unit}".strip() if one.value else one.conclusion
        for done in visit.done
        for one in done.findings
        if one.conclusion
    ]
    return escape("; ".join(told[: 2 * _TOLD])) or "Chưa phát hiện bất thường"
