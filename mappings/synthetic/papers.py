"""The papers a visit ends with: XML7, XML8 after a stay, XML13 a referral, XML14 a follow-up slip."""

from collections.abc import Mapping

from mappings.synthetic.people import Person, staff_name
from mappings.synthetic.plan import code, letter
from mappings.synthetic.record import Values, day, doctor, icd9, moment
from mappings.synthetic.visits import Visit

_SAID_BEFORE = {
    "XML13": (
        "MA_LK MA_CSKCB MA_NOI_DI MA_NOI_DEN HO_TEN NGAY_SINH GIOI_TINH MA_QUOCTICH MA_DANTOC "
        "MA_NGHE_NGHIEP DIA_CHI MA_THE_BHYT GT_THE_DEN NGAY_VAO NGAY_VAO_NOI_TRU NGAY_RA "
        "CHAN_DOAN_RV PP_DIEU_TRI MA_BENH_CHINH MA_BENH_KT MA_LOAI_RV MA_TTDV"
    ).split(),
    "XML14": (
        "MA_LK MA_CSKCB HO_TEN NGAY_SINH GIOI_TINH DIA_CHI MA_THE_BHYT GT_THE_DEN NGAY_VAO "
        "NGAY_VAO_NOI_TRU NGAY_RA CHAN_DOAN_RV MA_BENH_CHINH MA_BENH_KT MA_DOITUONG_KCB MA_TTDV"
    ).split(),
}
