"""A hospital's software: tables and envelopes for tests, numbers from unassigned ranges only."""

import base64
from xml.sax.saxutils import escape

from mappings.decision_4750.envelope import read_envelope
from mappings.decision_4750.tables import MAPPED, SHAPES, fields
from mappings.decision_4750.visit import map_hoso

MA_LK = "TEST-1"
SUMMARY = {
    "MA_LK": MA_LK,
    "MA_BN": "BN1",
    "HO_TEN": "NGUYỄN THỊ BƯỞI",
    "SO_CCCD": "099185000001",
    "NGAY_SINH": "198503150000",
    "GIOI_TINH": "2",
    "MA_QUOCTICH": "000",
    "MA_DANTOC": "01",
    "MA_NGHE_NGHIEP": "00000",
    "DIA_CHI": "Số 1, Phường Ba Đình, Thành phố Hà Nội",
    "MATINH_CU_TRU": "01",
    "MAXA_CU_TRU": "00004",
    "LY_DO_VV": "Mệt",
    "CHAN_DOAN_VAO": "Mệt",
    "CHAN_DOAN_RV": "Đái tháo đường típ 2",
    "MA_BENH_CHINH": "E11.9",
    "MA_DOITUONG_KCB": "1.1",
    "NGAY_VAO": "202509010815",
    "NGAY_RA": "202509011030",
    "SO_NGAY_DTRI": "0",
    "KET_QUA_DTRI": "2",
    "MA_LOAI_RV": "1",
    "MA_LOAI_KCB": "01",
    "MA_KHOA": "K01",
    "MA_CSKCB": "99001",
    "CAN_NANG": "62.50",
    "MA_HSBA": "HS1",
}
REFERRAL = {
    "MA_LK": MA_LK,
    "SO_HOSO": "HS1",
    "SO_CHUYENTUYEN": "CT1",
    "GIAY_CHUYEN_TUYEN": "GCT1",
    "MA_NOI_DEN": "99002",
    "HO_TEN": SUMMARY["HO_TEN"],
    "DAU_HIEU_LS": "Đau ngực",
    "QT_BENHLY": "Hai tuần",
    "TEN_DICH_VU": "Điện tim",
    "MA_LYDO_CT": "1",
    "HUONG_DIEU_TRI": "Chụp mạch vành",
    "PHUONGTIEN_VC": "Xe cứu thương",
    "MA_BAC_SI": "000001/TEST-CCHN",
    "MA_TTDV": "9900000001",
}
SLIP = {
    "MA_LK": MA_LK,
    "SO_GIAYHEN_KL": "GHK1",
    "MA_CSKCB": "99001",
    "HO_TEN": SUMMARY["HO_TEN"],
    "NGAY_HEN_KL": "202509290800",
    "MA_BAC_SI": "000001/TEST-CCHN",
    "MA_TTDV": "9900000001",
    "NGAY_CT": "20250901",
}
# Values for fields whose format the layout does not tell.
_SPECIAL = SUMMARY | {
    "MA_THE_BHYT": "DN4990000000001",
    "MA_DKBD": "99003",
    "MA_NOI_DI": "99004",
    "MA_NOI_DEN": "99002",
    "MA_BENH_KT": "I10",
    "MA_PTTT_QT": "33.24",
    "NGAY_TAI_KHAM": "20251001",
    "CAN_NANG_CON": "3200",
    "DIEN_BIEN_LS": "Tỉnh CSST<M75_T37_HA120/70_NT18_SP98_HL2>",
    "LIEU_DUNG": "1 viên/lần * 2 lần/ngày * 28 ngày",
    "MA_NHOM": "1",
    "MA_BENH": "E11.9",
    "MA_DICH_VU": "23.0075.1494",
    "GIA_TRI": "9.8",
    "DON_VI_DO": "mmol/L",
    "MA_DINH_CHI_THAI": "0",
    "MA_KHUVUC": "K1",
    "MA_LYDO_CT": "1",
    "PHAM_VI": "1",
    "MA_PTTT": "1",
    "DON_VI_TINH": "Viên",
}
_BY_FORMAT = {
    "yyyymmdd": "20250905",
    "yyyymmddHHMM": "202509010900",
    "yyyymmdd|yyyymmddHHMM": "202509290800",
    "yyyymmdd ;-list": "20250101",
}


def table(kind, *rows):
    """Give the XML text of a table."""
    root, listed, record = SHAPES[kind]
    if not record:
        return f"<{root}>{_elements(rows[0])}</{root}>"
    inner = "".join(f"<{record}>{_elements(row)}</{record}>" for row in rows)
    return f"<{root}><{listed}>{inner}</{listed}></{root}>"


def _elements(row):
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in row.items())


def base64_of(text):
    """Give NOIDUNGFILE as hospital software writes it."""
    return base64.b64encode(text.encode()).decode()


def hoso(**contents):
    """Give a HOSO of kind → NOIDUNGFILE, in the order given."""
    files = "".join(
        f"<FILEHOSO><LOAIHOSO>{kind}</LOAIHOSO><NOIDUNGFILE>{text}</NOIDUNGFILE></FILEHOSO>"
        for kind, text in contents.items()
    )
    return f"<HOSO>{files}</HOSO>"


def envelope(*hosos, facility="99001", created="20250901"):
    """Give an envelope's bytes."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><GIAMDINHHS>'
        f"<THONGTINDONVI><MACSKCB>{facility}</MACSKCB></THONGTINDONVI>"
        f"<THONGTINHOSO><NGAYLAP>{created}</NGAYLAP><SOLUONGHOSO>{len(hosos)}</SOLUONGHOSO>"
        f"<DANHSACHHOSO>{''.join(hosos)}</DANHSACHHOSO></THONGTINHOSO></GIAMDINHHS>"
    ).encode()


def mapped(summary=(), created="20250901", **tables):
    """Map one HOSO: SUMMARY changed by `summary`, and kind → rows."""
    rows = {"XML1": [SUMMARY | dict(summary)]} | tables
    one = hoso(**{kind: base64_of(table(kind, *found)) for kind, found in rows.items()})
    read = read_envelope(envelope(one, created=created))
    return map_hoso(read, read.hosos[0])


def resources(visit, kind):
    """Give the resources of one type a visit drafts."""
    return [draft.resource for draft in visit.drafts if draft.resource["resourceType"] == kind]


def errors(refused):
    """Give where the errors of a refused visit are."""
    return [issue.expression for issue in refused.issues if issue.severity == "error"]


def filled(kind):
    """Give a row of a mapped table with a value in every field."""
    assert kind in MAPPED
    today = [field for field in fields() if field.table == kind and not field.until]
    return {field.name: _value(field) for field in today}


def _value(field):
    if field.name in _SPECIAL:
        return _SPECIAL[field.name]
    if field.name == "STT":
        return "7"
    if field.shape:
        return _BY_FORMAT[field.shape]
    if field.numeric:
        return "3"
    return f"{field.table}{field.position}"[: field.longest]
