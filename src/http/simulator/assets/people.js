// The list of people and the card of the one that is chosen.

import { byId, createKeeper, el, icon, initials, moveFocus, place } from "./dom.js";
import { plainText } from "./format.js";
import { birthday, timeOfDay } from "./time.js";

const list = byId("people-list");
const search = byId("people-search");

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** on: { pick(id), changeNumber() } */
export function createPeople(on) {
  let people = [];
  let selected = null;
  const keeper = createKeeper();

  search.addEventListener("input", draw);
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      list.querySelector("button")?.focus();
    }
  });
  list.addEventListener("keydown", (event) => moveFocus(event, [...list.querySelectorAll("button")]));

  function draw() {
    const words = fold(search.value).split(/\s+/).filter(Boolean);
    const shown = people.filter((person) => {
      const text = fold(`${person.name} ${person.situation ?? ""} ${person.phone}`);
      return words.every((word) => text.includes(word));
    });
    const focused = document.activeElement?.dataset?.person;
    const nodes = shown.map((person) => {
      const typing = (person.chat?.typing_until ?? 0) > Date.now();
      const signature = JSON.stringify([person, typing, person.id === selected]);
      return keeper.keep(person.id, signature, () => item(person, typing));
    });
    if (!shown.length) {
      const message = people.length ? "Nadie coincide con la búsqueda." : "No hay personas de muestra. Use un número desconocido.";
      nodes.push(el("li", { class: "empty" }, message));
    }
    place(list, nodes);
    keeper.only(new Set(people.map((person) => person.id)));
    if (focused && document.activeElement === document.body) {
      [...list.querySelectorAll("button")].find((button) => button.dataset.person === focused)?.focus();
    }
  }

  function item(person, typing) {
    const { chat } = person;
    const line = typing
      ? el("span", { class: "typing-now" }, "escribiendo…")
      : el("span", {}, chat?.preview ? `${chat.preview_mine ? "Usted: " : ""}${plainText(chat.preview)}` : (person.situation ?? person.phone));
    const button = el(
      "button",
      { type: "button", "data-person": person.id, "aria-current": person.id === selected ? "true" : null, onclick: () => on.pick(person.id) },
      initials(person.name, person.stranger), el("b", {}, person.name),
      el("time", {}, chat?.at ? timeOfDay(chat.at) : ""),
      el("span", { class: "line" }, line, chat?.unread ? el("span", { class: "unread", "aria-label": `${chat.unread} sin leer` }, String(chat.unread)) : null),
    );
    return el("li", {}, button);
  }

  return {
    load(answer) {
      const strangers = answer.strangers.map((chat) => ({ id: chat.id, name: chat.name, phone: chat.phone, stranger: true, chat }));
      people = [...answer.debtors, ...strangers];
      draw();
    },
    summary(chat) {
      const id = chat.debtor_id ?? chat.id;
      let person = people.find((known) => known.id === id);
      if (!person) {
        person = { id, name: chat.name, stranger: true };
        people.push(person);
      }
      person.chat = chat;
      person.phone = chat.phone;
      draw();
    },
    select(id) {
      selected = id;
      draw();
    },
    find: (id) => people.find((person) => person.id === id),
    first: () => people[0],
  };
}

/** `delivery`: { hidePhone, duplicate, late, receipts }, changed in place. */
export function drawCard(person, chat, delivery, on) {
  const card = byId("card");
  const open = card.querySelector("details")?.open ?? false;
  const focused = card.contains(document.activeElement) ? document.activeElement.dataset.delivery : null;
  card.hidden = false;
  const facts = [
    person.stranger ? null : ["Documento", person.document_hint],
    person.stranger || !person.birthday ? null : ["Nacimiento", birthday(person.birthday)],
    ["WhatsApp", delivery.hidePhone || !chat.phone ? "número oculto" : chat.phone],
    delivery.hidePhone ? ["BSUID", chat.bsuid] : null,
    person.stranger ? null : ["Situación", person.situation],
  ].filter(Boolean);
  const details = el("details", { open },
    el("summary", {}, "Cómo llegan sus mensajes"),
    toggle("hidePhone", "Ocultar el número", "El webhook trae solo el BSUID, como quien usa un nombre de usuario."),
    toggle("duplicate", "Entregar por duplicado", "Meta manda el mismo webhook dos veces."),
    toggle("late", "Entregar tarde", "El webhook llega 8 segundos después, con su hora original."),
    toggle("receipts", "Confirmar lectura", "El negocio recibe «read» cuando usted mira el chat."),
    el("button", { type: "button", class: "quiet", onclick: on.changeNumber }, icon("swap"), "Cambiar de número"));
  card.replaceChildren(
    el("h3", {}, `Usted es ${person.name}`),
    el("dl", { class: "facts" }, facts.flatMap(([term, value]) => [el("dt", {}, term), el("dd", {}, value)])),
    person.stranger ? el("p", { class: "hint" }, "El sistema nunca ha visto este número.") : "",
    details);
  if (focused) card.querySelector(`[data-delivery="${focused}"]`)?.focus();

  function toggle(name, label, help) {
    const input = el("input", { type: "checkbox", role: "switch", "data-delivery": name });
    input.checked = delivery[name];
    input.addEventListener("change", () => {
      delivery[name] = input.checked;
      on.deliveryChanged();
    });
    return el("label", { class: "switch" }, input, el("span", {}, label, el("small", {}, help)));
  }
}
