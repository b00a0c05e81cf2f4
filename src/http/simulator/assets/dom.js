// Building elements. Text only ever enters through textContent.

const SVG = "http://www.w3.org/2000/svg";

/** el("button", { class: "quiet", type: "button", onclick: f, "aria-label": "x" }, "text", child, null) */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name, className) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  if (className) svg.setAttribute("class", className);
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/simulator/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

export const byId = (id) => document.getElementById(id);

export function initials(name, stranger) {
  if (stranger) return el("span", { class: "initials", "data-hue": "x", "aria-hidden": "true" }, "?");
  const words = name.split(/\s+/).filter(Boolean);
  const letters = (words[0]?.[0] ?? "") + (words[1]?.[0] ?? "");
  let hue = 0;
  for (const character of name) hue = (hue * 31 + character.codePointAt(0)) % 6;
  return el("span", { class: "initials", "data-hue": String(hue), "aria-hidden": "true" }, letters.toUpperCase());
}

/** Moves among `items` with the arrow keys, Home and End; gives true when it handled the key. */
export function moveFocus(event, items) {
  const at = items.indexOf(document.activeElement);
  const last = items.length - 1;
  const next = {
    ArrowDown: at < last ? at + 1 : 0,
    ArrowUp: at > 0 ? at - 1 : last,
    Home: 0,
    End: last,
  }[event.key];
  if (next === undefined || last < 0) return false;
  event.preventDefault();
  items[next].focus();
  return true;
}
