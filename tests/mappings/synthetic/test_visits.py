"""Visits: what is done and prescribed belongs to the illness and to the patient."""

from mappings.synthetic.plan import plan
from mappings.synthetic.visits import BED, EXAMINATION, INPATIENT

CITIZENS = [plan(1, number) for number in range(300)]
VISITS = [(one.person, visit) for one in CITIZENS for visit in one.visits]


def test_everybody_is_examined():
    assert all(visit.done[0].service.name == "Khám bệnh" for _, visit in VISITS)


def test_a_stay_has_a_bed_for_every_night_and_a_note_for_every_day():
    stays = [visit for _, visit in VISITS if visit.admitted]
    assert stays
    for visit in stays:
        nights = (visit.left.date() - visit.occasion.arrived.date()).days
        assert visit.kind == INPATIENT
        assert [done.count for done in visit.done if done.service.group == BED] == [nights]
        assert len(visit.notes) == nights
        assert all(visit.occasion.arrived <= note.time <= visit.left for note in visit.notes)


def test_diseases_fit_the_age_and_the_sex():
    for person, visit in VISITS:
        main = visit.occasion.diagnosis
        assert main.sex in {"", person.sex}
        assert main.ages[0] - 1 <= person.age(visit.occasion.arrived.date())


def test_children_get_children_s_medicines():
    for person, visit in VISITS:
        main = visit.occasion.diagnosis
        if person.age(visit.occasion.arrived.date()) < 12 and main.child_drugs:
            names = {given.medicine.name for given in visit.prescriptions}
            assert "Paracetamol 500" not in names


def test_what_has_passed_is_found_no_more():
    over = [visit for _, visit in VISITS if visit.occasion.over]
    assert over
    for visit in over:
        assert visit.kind == EXAMINATION
        assert visit.notes[0].text.startswith("Tỉnh, không sốt")
        assert not visit.follow_up
        assert not visit.referred_to


def test_quantities_follow_the_dose_and_the_days():
    for _, visit in VISITS:
        for given in visit.prescriptions:
            medicine = given.medicine
            asked = medicine.dose * medicine.times * given.days
            assert given.quantity == (medicine.quantity or asked) > 0


def test_results_are_known_after_the_order_and_before_the_patient_leaves():
    for _, visit in VISITS:
        for done in visit.done:
            assert visit.occasion.arrived <= done.ordered <= done.resulted <= visit.left
