// The list's bottom sheet and the small menus, inside the phone. One is open at a time; Escape closes it.

import { byId, el, icon, moveFocus } from "./dom.js";

const overlay = byId("overlay");
let restore = null;

export const isOpen = () => restore !== null;

export function close() {
  if (!restore) return;
  const { opener, wamid } = restore;
  restore = null;
  overlay.className = "overlay";
  overlay.replaceChildren();
  setInert(false);
  // A message that changed meanwhile was drawn again, with another button.
  const target = opener.isConnected ? opener : document.querySelector(`[data-wamid="${wamid}"] .${opener.classList[0]}`);
  target?.setAttribute("aria-expanded", "false");
  target?.focus({ preventScroll: true });
}

function open(content, opener, className) {
  close();
  restore = { opener, wamid: opener.closest("[data-wamid]")?.dataset.wamid };
  opener.setAttribute("aria-expanded", "true");
  overlay.className = `overlay open ${className}`;
  overlay.replaceChildren(content);
  setInert(true);
}

/** Nothing behind the sheet can be reached by Tab or by a screen reader. */
function setInert(inert) {
  for (const node of [byId("screen"), byId("people"), byId("inspector")]) node.inert = inert;
}

overlay.addEventListener("click", (event) => {
  if (event.target === overlay) close();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isOpen()) {
    event.preventDefault();
    event.stopPropagation();
    close();
  }
});

/** The rows of a list message. `onChoose` gets the row's id. */
export function openList(content, opener, onChoose) {
  let picked = null;
  const send = el("button", { type: "button", class: "primary sheet-send", disabled: true, onclick: finish }, "Enviar");
  const rows = [];
  const body = el("div", { class: "sheet-rows", role: "radiogroup", "aria-label": content.button });
  for (const section of content.sections) {
    if (section.title) body.append(el("h4", {}, section.title));
    for (const row of section.rows) body.append(rowElement(row));
  }
  const title = el("h3", { id: "sheet-title" }, content.button);
  const closeButton = el("button", { type: "button", class: "round", "aria-label": "Cerrar", onclick: close }, icon("close"));
  const sheet = el(
    "div",
    { class: "sheet", role: "dialog", "aria-modal": "true", "aria-labelledby": "sheet-title" },
    el("div", { class: "sheet-head" }, title, closeButton), body, el("div", { class: "sheet-foot" }, send),
  );
  open(sheet, opener, "dim");
  rows[0]?.focus();

  function rowElement(row) {
    const node = el(
      "div",
      { class: "sheet-row", role: "radio", "aria-checked": "false", tabindex: rows.length ? "-1" : "0", "data-option": row.id },
      el("span", {}, el("b", {}, row.title), row.description ? el("small", {}, row.description) : null),
      el("i", { "aria-hidden": "true" }),
    );
    node.addEventListener("click", () => pick(node, row.id));
    node.addEventListener("keydown", (event) => {
      if (event.key === " ") {
        event.preventDefault();
        pick(node, row.id);
      } else if (event.key === "Enter") {
        event.preventDefault();
        pick(node, row.id);
        finish();
      } else if (moveFocus(event, rows)) {
        for (const other of rows) other.tabIndex = other === document.activeElement ? 0 : -1;
      }
    });
    rows.push(node);
    return node;
  }

  function pick(node, id) {
    picked = id;
    for (const other of rows) other.setAttribute("aria-checked", String(other === node));
    send.disabled = false;
  }

  function finish() {
    if (picked === null) return;
    const id = picked;
    close();
    onChoose(id);
  }
}

/** `items`: { icon, label, act }. `top`: an element above them, such as the reactions. */
export function openMenu(items, opener, label, top) {
  const buttons = items.map((item) =>
    el("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: () => { close(); item.act(); } },
      icon(item.icon), item.label));
  const menu = el("div", { class: "menu", role: "menu", "aria-label": label }, top, ...buttons);
  open(menu, opener, "");
  place(menu, opener);
  const focusable = [...menu.querySelectorAll("button")];
  menu.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const at = focusable.indexOf(document.activeElement);
      const step = event.key === "ArrowRight" ? 1 : -1;
      focusable[(at + step + focusable.length) % focusable.length].focus();
      event.preventDefault();
    } else if (event.key === "Tab") {
      event.preventDefault();
      close();
    } else {
      moveFocus(event, focusable);
    }
  });
  focusable[0]?.focus({ preventScroll: true });
}

/** Beside its opener, kept inside the phone. */
function place(menu, opener) {
  const frame = overlay.getBoundingClientRect();
  const from = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const clamp = (value, size, room) => Math.max(8, Math.min(value, room - size - 8));
  const left = clamp(from.left - frame.left, width, frame.width);
  const below = from.bottom - frame.top + 6;
  const above = from.top - frame.top - height - 6;
  const top = clamp(below + height < frame.height - 8 ? below : above, height, frame.height);
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

export function reactionBar(current, onReact) {
  return el("div", { class: "emojis", role: "group", "aria-label": "Reaccionar" },
    ["👍", "❤️", "😂", "😮", "😢", "🙏"].map((emoji) =>
      el("button", {
        type: "button",
        tabindex: "-1",
        "aria-label": `Reaccionar con ${emoji}`,
        "aria-pressed": String(current === emoji),
        onclick: () => {
          close();
          onReact(current === emoji ? null : emoji);
        },
      }, emoji)));
}
