// The scrolling list of messages: keeps elements of unchanged bubbles, follows the end, counts what is below.

import { byId, el, icon, place } from "./dom.js";
import { bubbleRow, typingRow } from "./bubbles.js";
import { dayKey, dayName } from "./time.js";

const log = byId("log");
const jump = byId("jump");
const GROUP_MS = 5 * 60_000;

/** `act` as in bubbles.js. */
export function createLog(act) {
  let kept = new Map();
  let below = 0;

  log.addEventListener("scroll", () => {
    if (atEnd()) below = 0;
    showJump();
  });
  jump.addEventListener("click", () => {
    toEnd("smooth");
    log.focus();
  });
  log.addEventListener("keydown", (event) => {
    const rows = [...log.querySelectorAll(".row[data-wamid]")];
    const row = document.activeElement.closest?.(".row[data-wamid]");
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const at = row ? rows.indexOf(row) + (event.key === "ArrowUp" ? -1 : 1) : rows.length - 1;
      if (rows[at]) {
        event.preventDefault();
        rows[at].focus();
      }
    } else if (event.key === "Enter" && document.activeElement === row) {
      event.preventDefault();
      row.querySelector(".bubble-menu")?.click();
    }
  });
  longPress(log);

  function atEnd() {
    return log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  }

  function toEnd(behavior = "instant") {
    below = 0;
    log.scrollTo({ top: log.scrollHeight, behavior });
    showJump();
  }

  function showJump() {
    jump.hidden = atEnd();
    byId("jump-count").textContent = below ? String(below) : "";
  }

  /** Shows `bubbles`; `typing` adds the dots. */
  function show(bubbles, typing, { opened = false } = {}) {
    const follow = opened || atEnd();
    if (opened) kept = new Map();
    const next = new Map();
    const nodes = [keep(next, "secure", "", secureNote)];
    let previous = null;
    for (const bubble of bubbles) {
      if (!previous || dayKey(previous.at) !== dayKey(bubble.at)) {
        const name = dayName(bubble.at);
        nodes.push(keep(next, `day ${dayKey(bubble.at)}`, name, () => el("div", { class: "day" }, name)));
      }
      const first = !previous || previous.mine !== bubble.mine || previous.content.kind === "notice" || bubble.at - previous.at > GROUP_MS;
      const isNew = !opened && !kept.has(bubble.wamid);
      if (isNew && !follow && !bubble.mine) below += 1;
      // The statuses of the business's messages do not show on this phone.
      const signature = JSON.stringify([bubble.mine ? bubble : { ...bubble, state: null }, first]);
      nodes.push(keep(next, bubble.wamid, signature, () => {
        const row = bubbleRow(bubble, { first, act });
        if (isNew) row.classList.add("fresh");
        return row;
      }));
      previous = bubble;
    }
    if (typing) nodes.push(keep(next, "typing", "", () => typingRow(act.business)));
    kept = next;
    place(log, nodes);
    if (follow || bubbles.at(-1)?.mine && next.get(bubbles.at(-1).wamid)?.isNew) toEnd();
    else showJump();
  }

  function keep(next, key, signature, build) {
    const old = kept.get(key);
    const entry = old && old.signature === signature
      ? { ...old, isNew: false }
      : { signature, node: build(), isNew: !old };
    if (old && old.node !== entry.node && old.node.contains(document.activeElement)) {
      const at = focusables(old.node).indexOf(document.activeElement);
      queueMicrotask(() => (focusables(entry.node)[at] ?? entry.node).focus({ preventScroll: true }));
    }
    next.set(key, entry);
    return entry.node;
  }

  function reveal(wamid) {
    const row = [...log.children].find((node) => node.dataset.wamid === wamid);
    row?.scrollIntoView({ block: "center", behavior: "smooth" });
    row?.focus({ preventScroll: true });
  }

  return { show, reveal, toEnd };
}

const focusables = (node) => [...node.querySelectorAll("button, a")];

function secureNote() {
  return el("p", { class: "secure" }, icon("lock"), "Esto es una demostración: usted escribe como la persona elegida y responde el sistema real. A WhatsApp no se envía nada.");
}

/** Touch has no hover: a long press opens a message's menu. */
function longPress(area) {
  let timer = null;
  const stop = () => clearTimeout(timer);
  area.addEventListener("pointerdown", (event) => {
    const row = event.target.closest(".row[data-wamid]");
    if (event.pointerType === "mouse" || !row || event.target.closest("button, a")) return;
    timer = setTimeout(() => row.querySelector(".bubble-menu")?.click(), 450);
  });
  for (const name of ["pointerup", "pointercancel", "pointermove", "scroll"]) area.addEventListener(name, stop);
  area.addEventListener("contextmenu", (event) => {
    const row = event.target.closest(".row[data-wamid]");
    if (!row || event.target.closest("a")) return;
    event.preventDefault();
    stop();
    row.querySelector(".bubble-menu")?.click();
  });
}
