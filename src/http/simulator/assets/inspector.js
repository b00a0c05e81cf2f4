// What the application thinks and what went over the wire.

import { byId, createKeeper, el, place } from "./dom.js";
import { exactTime } from "./time.js";

const body = byId("inspector-body");

export function createInspector() {
  const keeper = createKeeper();
  let statusesShown = false;
  let last = null;

  function blank(message) {
    body.replaceChildren(el("p", { class: "blank" }, message), journey());
  }

  function show(view) {
    last = view;
    const { inspection, exchanges } = view;
    if (!inspection && !exchanges.length) {
      blank("Todavía no ha pasado nada en este chat. Escriba un mensaje y verá aquí el paso del flujo, los eventos del turno, los acuerdos y cada llamada.");
      return;
    }
    const state = inspection
      ? keeper.keep("state", JSON.stringify(inspection), () => el("div", { class: "state" }, stateSections(inspection)))
      : null;
    place(body, [state, traffic(exchanges)].filter(Boolean));
  }

  function traffic(exchanges) {
    const known = new Set();
    const isStatus = (exchange) => exchange.title.startsWith("statuses");
    const nStatuses = exchanges.filter(isStatus).length;
    const items = exchanges.filter((exchange) => statusesShown || !isStatus(exchange)).map((exchange) => {
      let key = `${exchange.at} ${exchange.direction} ${exchange.title}`;
      while (known.has(key)) key += "'";
      known.add(key);
      return keeper.keep(key, JSON.stringify(exchange), () => exchangeItem(exchange));
    });
    const part = keeper.keep("traffic", "", () => {
      const filter = el("button", { type: "button", class: "filter", onclick: toggleStatuses });
      const frame = section("Webhooks y Graph API", filter, el("div", { class: "traffic" }));
      frame.classList.add("traffic-section");
      return frame;
    });
    const filter = part.querySelector(".filter");
    filter.textContent = `Estados (${nStatuses})`;
    filter.setAttribute("aria-pressed", String(statusesShown));
    place(part.querySelector(".traffic"), items);
    keeper.only(new Set(["state", "traffic", ...known]));
    return part;
  }

  function toggleStatuses() {
    statusesShown = !statusesShown;
    show(last);
  }

  function exchangeItem(exchange) {
    const webhook = exchange.direction === "webhook";
    const ok = exchange.status === 200;
    return el("details", {},
      el("summary", {},
        el("span", { class: webhook ? "way" : "way graph" }, webhook ? "webhook" : "graph"),
        el("span", { class: "what" }, exchange.title.replace(/^messages · /u, "")),
        el("span", { class: ok ? "pill good" : "pill bad" }, exchange.status ? String(exchange.status) : "—"),
        el("time", {}, exactTime(exchange.at))),
      el("pre", { tabindex: "0", "aria-label": "JSON enviado" }, JSON.stringify(exchange.request, null, 2)),
      exchange.response === null ? "" : el("h4", {}, "Respuesta"),
      exchange.response === null ? "" : el("pre", { tabindex: "0", "aria-label": "JSON de la respuesta" }, JSON.stringify(exchange.response, null, 2)));
  }

  return { show, blank };
}

/** What will be seen here, told before anything has happened. */
function journey() {
  const steps = [
    ["El teléfono", "manda un webhook firmado con HMAC a /webhook."],
    ["El sistema", "lo guarda, responde 200 y corre un turno del flujo."],
    ["La respuesta", "sale por la Graph API hacia este teléfono."],
    ["Los estados", "sent, delivered y read vuelven como webhooks."],
  ];
  return el("ol", { class: "journey" }, steps.map(([who, what]) => el("li", {}, el("b", {}, who), el("span", {}, what))));
}

function stateSections(inspection) {
  const sections = [
    section("Estado", el("dl", { class: "state-grid" },
      pair("Flujo", inspection.flow), pair("Paso", inspection.step),
      pair("Confianza", inspection.assurance, "level"), pair("Conversación", inspection.status))),
  ];
  if (inspection.ticket) sections.push(section("Agente", ticket(inspection.ticket)));
  if (inspection.agreements.length) sections.push(section("Acuerdos", inspection.agreements.map(agreement)));
  if (inspection.last_turn_events.length) {
    sections.push(section("Último turno", el("ol", { class: "turn-events" }, inspection.last_turn_events.map((event) => el("li", {}, event)))));
  }
  return sections;
}

function section(title, ...content) {
  return el("section", {}, el("h3", {}, title), ...content);
}

function pair(term, value, className) {
  return el("div", { class: className }, el("dt", {}, term), el("dd", {}, value || "—"));
}

function agreement(record) {
  return el("article", { class: "record" },
    el("div", { class: "record-head" }, el("b", {}, record.summary), el("span", { class: "pill good" }, record.status)),
    el("p", {}, `${record.kind} · ${record.reference}`),
    record.instalments.length ? el("ul", {}, record.instalments.map((line) => el("li", {}, line))) : "");
}

function ticket(record) {
  return el("article", { class: "record" },
    el("div", { class: "record-head" }, el("b", {}, record.reason), el("span", { class: "pill warn" }, record.status)),
    el("p", {}, `${record.reference} · ${record.agent ?? "sin agente todavía"}`));
}
