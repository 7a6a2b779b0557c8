// A third-party health app: it asks for a citizen's book by SMART App Launch and shows it.
// https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
"use strict";

const SECTIONS = [
  ["Encounter", "Lần khám", "Visits", (r) => r.period?.start, (r) => r.reasonCode?.map(text).join("; ") || text(r.type?.[0]) || r.class?.display],
  ["Condition", "Chẩn đoán", "Diagnoses", (r) => r.recordedDate || r.onsetDateTime, (r) => text(r.code)],
  ["Observation", "Kết quả", "Results", (r) => r.effectiveDateTime, (r) => `${text(r.code)}: ${value(r)}`],
  ["MedicationRequest", "Thuốc", "Medicines", (r) => r.authoredOn, (r) => text(r.medicationCodeableConcept) || r.medicationReference?.display],
  ["ServiceRequest", "Giấy chuyển", "Referrals", (r) => r.authoredOn, (r) => text(r.code) || r.reasonCode?.map(text).join("; ")],
  ["Appointment", "Hẹn khám lại", "Follow-ups", (r) => r.start || r.requestedPeriod?.[0]?.start, (r) => r.description || r.comment],
];

const text = (concept) => concept?.text || concept?.coding?.[0]?.display || concept?.coding?.[0]?.code || "";
const value = (r) =>
  r.valueQuantity ? `${r.valueQuantity.value} ${r.valueQuantity.unit || ""}` : r.valueString || text(r.valueCodeableConcept);
const at = (id) => document.getElementById(id);

function element(name, content, attributes = {}) {
  const made = document.createElement(name);
  made.append(...[content].flat());
  for (const [key, told] of Object.entries(attributes)) made.setAttribute(key, told);
  return made;
}

async function section(client, [type, vi, en, when, what]) {
  const bundle = await client.request(`${type}?patient=${client.patient.id}&_count=20&_sort=-_lastUpdated`);
  const rows = (bundle.entry || []).filter((one) => one.search?.mode !== "outcome").map((one) => one.resource);
  const items = rows.map((r) => {
    const day = (when(r) || "").slice(0, 10);
    return element("li", [element("time", day, { datetime: day }), element("span", what(r) || type)]);
  });
  const title = element("h2", [`${vi} `, element("small", en, { lang: "en" })]);
  return [title, element("ul", items, { "data-type": type })];
}

async function show(client) {
  const book = at("book");
  try {
    const patient = await client.patient.read();
    const name = patient.name?.[0]?.text || [patient.name?.[0]?.family, ...(patient.name?.[0]?.given || [])].join(" ");
    const sections = await Promise.all(SECTIONS.map((one) => section(client, one)));
    book.replaceChildren(element("p", element("strong", name, { id: "name" })), ...sections.flat());
    book.hidden = false;
    at("status").textContent = "";
  } catch (error) {
    book.replaceChildren();
    book.hidden = true;
    const refused = error.status === 401 || /401|expired|session/i.test(String(error));
    at("status").textContent = refused
      ? "Quyền đã bị thu hồi. Access was withdrawn."
      : `Không đọc được: ${error.message || error}`;
    at("connect").hidden = false;
  }
}

// A new sign-in each time: what was granted lives in this tab only.
at("connect").addEventListener("click", () => {
  FHIR.oauth2.authorize({ ...SAMPLE, redirectUri: "index.html", pkceMode: "required", completeInTarget: true });
});

FHIR.oauth2.ready()
  .then((client) => {
    at("again").hidden = false;
    at("again").addEventListener("click", () => show(client));
    return show(client);
  })
  .catch(() => {
    at("status").textContent = "";
    at("connect").hidden = false;
  });
