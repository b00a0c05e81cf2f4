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

/** Makes `nodes` the children, touching only what differs: focus, scrolling and a click under way survive. */
export function place(parent, nodes) {
  let cursor = parent.firstChild;
  for (const node of nodes) {
    if (node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(node, cursor);
  }
  while (cursor) {
    const following = cursor.nextSibling;
    cursor.remove();
    cursor = following;
  }
}

/** Builds elements by key, and gives the same element again while its signature is the same. */
export function createKeeper() {
  let kept = new Map();
  return {
    keep(key, signature, build) {
      const old = kept.get(key);
      if (old?.signature === signature) return old.node;
      const node = build();
      kept.set(key, { signature, node });
      return node;
    },
    /** Forgets elements that are not among `keys`. */
    only(keys) {
      kept = new Map([...kept].filter(([key]) => keys.has(key)));
    },
  };
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
