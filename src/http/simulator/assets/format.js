// WhatsApp's text formatting: *bold*, _italic_, ~strike~, `code`, ```mono```, "> quote" and links, as DOM nodes.

import { el } from "./dom.js";

const MARKS = [
  { pattern: /```([\s\S]+?)```/u, build: (inner) => el("code", {}, inner) },
  { pattern: /`([^`\n]+)`/u, build: (inner) => el("code", {}, inner) },
  { pattern: /https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]*_~]/u, build: link },
  { pattern: spanned("*"), build: (inner) => el("strong", {}, ...inline(inner)) },
  { pattern: spanned("_"), build: (inner) => el("em", {}, ...inline(inner)) },
  { pattern: spanned("~"), build: (inner) => el("s", {}, ...inline(inner)) },
];

/** A mark opens and closes at the edge of a word, on one line, and does not hug spaces. */
function spanned(mark) {
  const m = mark === "*" ? "\\*" : mark;
  return new RegExp(`(?<![\\p{L}\\p{N}${m}])${m}(?!\\s)([^${m}\\n]*[^${m}\\s])${m}(?![\\p{L}\\p{N}${m}])`, "u");
}

function link(text) {
  return el("a", { href: text, target: "_blank", rel: "noopener noreferrer" }, text);
}

function inline(text) {
  let best = null;
  for (const mark of MARKS) {
    const match = mark.pattern.exec(text);
    if (match && (!best || match.index < best.match.index)) best = { mark, match };
  }
  if (!best) return text ? [text] : [];
  const { mark, match } = best;
  const before = text.slice(0, match.index);
  const after = text.slice(match.index + match[0].length);
  return [...(before ? [before] : []), mark.build(match[1] ?? match[0]), ...inline(after)];
}

export function formatted(text) {
  const nodes = [];
  let plain = [];
  const flush = () => {
    if (plain.length) nodes.push(...inline(plain.join("\n")));
    plain = [];
  };
  for (const line of text.split("\n")) {
    if (line.startsWith("> ")) {
      flush();
      nodes.push(el("span", { class: "quoted" }, ...inline(line.slice(2))));
    } else if (/^[-*] \S/u.test(line)) {
      plain.push(`•  ${line.slice(2)}`);
    } else {
      plain.push(line);
    }
  }
  flush();
  return nodes;
}

/** Without marks, for quotes, lists and screen readers. */
export function plainText(text) {
  return text.replace(/```|(?<![\p{L}\p{N}])[*_~`](?=\S)|(?<=\S)[*_~`](?![\p{L}\p{N}])/gu, "").trim();
}
