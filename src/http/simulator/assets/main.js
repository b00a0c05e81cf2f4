// The page: which person, which chat, and what happens when news arrives.

import * as api from "./api.js";
import { spoken, summary } from "./bubbles.js";
import { createComposer } from "./composer.js";
import { byId } from "./dom.js";
import { createInspector } from "./inspector.js";
import { createLog } from "./log.js";
import * as overlay from "./overlay.js";
import { createPeople, drawCard } from "./people.js";
import { timeOfDay } from "./time.js";

const SUGGESTIONS = ["Hola", "¿Cuánto debo?", "Quiero pagar", "¿Quiénes son ustedes?"];
const narrow = matchMedia("(max-width: 719px)");
/** Ways of delivery by person. */
const deliveries = new Map();
/** The open chat: { id, summary, bubbles }. */
let open = null;
let typingTimer = null;

const act = {
  business: "",
  find: (wamid) => open?.bubbles.find((bubble) => bubble.wamid === wamid),
  option: (bubble, option) => say({ kind: "option", wamid: bubble.wamid, option }),
  list: (bubble, opener) => overlay.openList(bubble.content, opener, (option) => act.option(bubble, option)),
  menu: bubbleMenu,
  showQuoted: (wamid) => log.reveal(wamid),
};
const log = createLog(act);
const composer = createComposer({ say, act });
const inspector = createInspector();
const people = createPeople({ pick });

start();

async function start() {
  inspector.blank("Elija a una persona y escriba: aquí verá qué hace el sistema con cada mensaje.");
  tick();
  setInterval(tick, 15_000);
  for (const button of document.querySelectorAll(".views button")) {
    button.addEventListener("click", () => view(button.dataset.view));
  }
  byId("welcome-start").addEventListener("click", () => {
    if (narrow.matches) view("people");
    else if (people.first()) pick(people.first().id);
    else newStranger();
  });
  byId("new-stranger").addEventListener("click", newStranger);
  byId("chat-menu").addEventListener("click", chatMenu);
  document.addEventListener("visibilitychange", readIfSeen);
  window.addEventListener("hashchange", pickFromAddress);
  drawSuggestions();
  api.listen(onEvent, onLinkState);
  await loadPeople();
  await pickFromAddress();
}

async function loadPeople() {
  try {
    const answer = await api.people();
    act.business = answer.business_name;
    byId("business-name").textContent = answer.business_name;
    byId("business-avatar").textContent = answer.business_name.slice(0, 1).toUpperCase();
    people.load(answer);
  } catch (error) {
    toast(error.message);
  }
}

async function pickFromAddress() {
  const id = decodeURIComponent(location.hash.slice(1));
  if (id && id !== open?.id && people.find(id)) await pick(id);
}

async function pick(id) {
  overlay.close();
  people.select(id);
  try {
    const chat = await api.chat(id);
    const changed = open?.id !== id;
    open = { id, summary: chat.summary, bubbles: chat.bubbles };
    byId("welcome").hidden = true;
    byId("chat").hidden = false;
    if (changed) composer.clear();
    view("chat");
    history.replaceState(null, "", `#${encodeURIComponent(id)}`);
    drawPerson();
    show({ opened: true });
    // On a phone the keyboard would cover the suggestions.
    if (!narrow.matches) composer.focus();
    readIfSeen();
    refreshInspector();
  } catch (error) {
    toast(error.message);
  }
}

async function newStranger() {
  try {
    const chat = await api.openStranger();
    people.summary(chat);
    await pick(chat.id);
  } catch (error) {
    toast(error.message);
  }
}

function delivery() {
  if (!deliveries.has(open.id)) {
    deliveries.set(open.id, { hidePhone: open.summary.phone_hidden, duplicate: false, late: false, receipts: true });
  }
  return deliveries.get(open.id);
}

function drawPerson() {
  const person = people.find(open.id);
  const how = delivery();
  drawCard(person, open.summary, how, {
    changeNumber: () => say({ kind: "change_number" }),
    deliveryChanged: () => { drawPerson(); readIfSeen(); },
  });
  drawDeliveryNote();
}

function drawDeliveryNote() {
  const how = delivery();
  const parts = [how.hidePhone && "solo BSUID", how.duplicate && "por duplicado", how.late && "8 s tarde", !how.receipts && "sin «leído»"].filter(Boolean);
  byId("delivery-note").hidden = !parts.length;
  byId("delivery-note").textContent = `Entrega: ${parts.join(" · ")}`;
}

/** Gives false when it was refused; the reason is shown. */
async function say(what) {
  const { hidePhone, duplicate, late } = delivery();
  try {
    await api.say(open.id, { what, hide_phone: hidePhone, duplicate, late });
    log.toEnd();
    return true;
  } catch (error) {
    toast(error.message);
    return false;
  }
}

function show(options) {
  const typing = open.summary.typing_until && open.summary.typing_until > Date.now();
  log.show(open.bubbles, typing, options);
  byId("presence").textContent = typing ? "escribiendo…" : "en línea";
  byId("suggestions").hidden = open.bubbles.length > 0;
  clearTimeout(typingTimer);
  if (typing) typingTimer = setTimeout(() => show(), open.summary.typing_until - Date.now() + 50);
}

function onEvent(event) {
  if (event.type === "bubble" && event.chat === open?.id) onBubble(event.bubble);
  if (event.type === "summary") onSummary(event.summary);
  if (event.type === "turn" && event.chat === open?.id) refreshInspector();
  if (event.type === "resync") {
    loadPeople();
    if (open) pick(open.id);
  }
}

function onBubble(bubble) {
  const at = open.bubbles.findIndex((known) => known.wamid === bubble.wamid);
  if (at >= 0) {
    open.bubbles[at] = bubble;
  } else {
    open.bubbles.push(bubble);
    if (!bubble.mine) {
      open.summary.typing_until = null;
      byId("announcer").textContent = spoken(bubble, act.business);
      readIfSeen();
    }
  }
  show();
}

function onSummary(chat) {
  people.summary(chat);
  if (chat.id !== open?.id) return;
  const moved = chat.phone !== open.summary.phone;
  open.summary = chat;
  if (moved) drawPerson();
  show();
}

function onLinkState(state) {
  const label = byId("link-state");
  label.dataset.state = state;
  label.textContent = state === "live" ? "Conectado" : "Sin conexión";
}

let inspectTimer = null;
/** Several events of one turn come together; the application may finish a moment later. */
function refreshInspector() {
  clearTimeout(inspectTimer);
  inspectTimer = setTimeout(async () => {
    const id = open?.id;
    try {
      const answer = await api.inspect(id);
      if (open?.id === id) inspector.show(answer);
    } catch (error) {
      inspector.blank(error.message);
    }
  }, 200);
}

function seen() {
  return open && document.visibilityState === "visible" && (!narrow.matches || document.body.dataset.view === "chat");
}

function readIfSeen() {
  if (seen() && delivery().receipts) api.read(open.id).catch((error) => toast(error.message));
}

function view(name) {
  document.body.dataset.view = name;
  for (const button of document.querySelectorAll(".views button")) {
    if (button.dataset.view === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  readIfSeen();
}

function bubbleMenu(bubble, opener) {
  const items = [
    { icon: "reply", label: "Responder", act: () => composer.reply(bubble) },
    { icon: "copy", label: "Copiar", act: () => navigator.clipboard?.writeText(summary(bubble)) },
  ];
  if (bubble.mine) {
    items.push({ icon: "again", label: "Entregar otra vez el webhook", act: () => say({ kind: "again", wamid: bubble.wamid }) });
    items.push({ icon: "trash", label: "Eliminar para todos", act: () => say({ kind: "delete", wamid: bubble.wamid }) });
  }
  const bar = overlay.reactionBar(bubble.reaction_mine, (emoji) => say({ kind: "reaction", wamid: bubble.wamid, emoji }));
  overlay.openMenu(items, opener, "Acciones del mensaje", bar);
}

function chatMenu() {
  overlay.openMenu([
    { icon: "swap", label: "Cambiar de número", act: () => say({ kind: "change_number" }) },
    { icon: "stranger", label: "Escribir desde otro número", act: newStranger },
  ], byId("chat-menu"), "Más opciones");
}

function drawSuggestions() {
  for (const text of SUGGESTIONS) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => say({ kind: "text", body: text, reply_to: null }));
    byId("suggestions").append(button);
  }
}

let toastTimer = null;
function toast(message) {
  const node = byId("toast");
  node.textContent = message;
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; }, 6_000);
}

function tick() {
  byId("clock").textContent = timeOfDay(Date.now()).replace(/\s.*$/u, "");
}
