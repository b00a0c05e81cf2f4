// One message as an element. Knows how it looks, not what happens: taps are told through `act`.

import { el, icon, initials } from "./dom.js";
import { formatted, plainText } from "./format.js";
import { timeOfDay } from "./time.js";

const TICKS = {
  pending: ["pending", "Enviando", "round-tick"],
  sent: ["check", "Enviado", ""],
  delivered: ["checks", "Entregado", ""],
  read: ["checks", "Leído", "read"],
  failed: ["failed", "No se entregó", "round-tick failed"],
};

/** act: { option(bubble, id), list(bubble, opener), menu(bubble, opener), find(wamid), showQuoted(wamid), business } */
export function bubbleRow(bubble, { first, act }) {
  if (bubble.content.kind === "notice") return el("div", { class: "notice", role: "listitem" }, bubble.content.body);
  const wide = ["interactive", "media", "location", "template"].includes(bubble.content.kind);
  const body = el("div", { class: wide ? "bubble wide" : "bubble" });
  if (bubble.deleted) {
    body.append(el("span", { class: "deleted" }, icon("blocked"), "Eliminaste este mensaje"), meta(bubble));
  } else {
    if (bubble.reply_to) body.append(quoteOf(act.find(bubble.reply_to), act) ?? "");
    body.append(...contentOf(bubble, act));
    const opener = el("button", { type: "button", class: "bubble-menu", tabindex: "-1", "aria-label": "Acciones del mensaje", "aria-haspopup": "menu", "aria-expanded": "false" }, icon("down"));
    opener.addEventListener("click", () => act.menu(bubble, opener));
    body.append(opener);
  }
  if (bubble.failure) body.append(el("p", { class: "failure" }, bubble.failure));
  const reactions = [bubble.reaction_mine, bubble.reaction_theirs].filter(Boolean).join(" ");
  const row = el(
    "div",
    {
      class: ["row", bubble.mine && "mine", first && "first"].filter(Boolean).join(" "),
      role: "listitem",
      tabindex: "-1",
      "data-wamid": bubble.wamid,
      "data-mine": String(bubble.mine),
      "data-state": bubble.state,
      "aria-label": spoken(bubble, act.business),
    },
    body,
    reactions ? el("span", { class: "reactions", "aria-label": `Reacción ${reactions}` }, reactions) : null,
  );
  return row;
}

export function typingRow(business) {
  return el("div", { class: "row first typing", role: "listitem", "aria-label": `${business} está escribiendo` },
    el("div", { class: "bubble" }, el("i"), el("i"), el("i")));
}

/** One line that says what the message says. */
export function summary(bubble) {
  const { content } = bubble;
  if (bubble.deleted) return "Mensaje eliminado";
  switch (content.kind) {
    case "text":
    case "notice":
      return plainText(content.body);
    case "interactive":
      return plainText(content.body);
    case "media":
      return { image: "📷 Foto", document: "📄 Documento", audio: "🎤 Nota de voz", video: "🎥 Video", sticker: "Sticker" }[content.media]
        + (content.caption ?? content.filename ? ` · ${content.caption ?? content.filename}` : "");
    case "location":
      return `📍 ${content.name ?? "Ubicación"}`;
    case "contacts":
      return `👤 ${content.names.join(", ")}`;
    case "template":
      return plainText(content.body ?? content.name);
    default:
      return "Mensaje no compatible";
  }
}

export function spoken(bubble, business) {
  const who = bubble.mine ? "Usted" : business;
  const state = bubble.mine ? `. ${TICKS[bubble.state][1]}` : "";
  const options = bubble.content.kind === "interactive" && bubble.content.action === "buttons"
    ? `. Opciones: ${bubble.content.options.map((option) => option.title).join(", ")}` : "";
  return `${who}: ${summary(bubble)}${options}, ${timeOfDay(bubble.at)}${state}`;
}

export function quoteOf(quoted, act) {
  if (!quoted) return null;
  const node = el("button", { type: "button", class: "quote", tabindex: "-1", "aria-label": `Responde a: ${summary(quoted)}` },
    el("b", {}, quoted.mine ? "Usted" : act.business), el("span", {}, summary(quoted)));
  node.addEventListener("click", () => act.showQuoted(quoted.wamid));
  return node;
}

function contentOf(bubble, act) {
  const { content } = bubble;
  switch (content.kind) {
    case "text":
      return [text(content.body, bubble)];
    case "interactive":
      return interactive(bubble, content, act);
    case "media":
      return media(bubble, content);
    case "location":
      return [
        el("img", { class: "map", src: "/simulator/map.svg", alt: "Mapa" }),
        text([content.name, content.address].filter(Boolean).join(", ") || `${content.latitude}, ${content.longitude}`, bubble),
      ];
    case "contacts":
      return [
        el("div", { class: "person" }, initials(content.names[0] ?? "?"),
          el("span", {}, el("b", {}, content.names.join(", ")), el("span", {}, content.phones.join(", ")))),
        meta(bubble),
      ];
    case "template":
      return template(bubble, content, act);
    default:
      return [text(`Este teléfono no puede mostrar el mensaje (${content.name}).`, bubble)];
  }
}

function text(body, bubble) {
  return el("div", { class: "text" }, ...formatted(body), bubble ? meta(bubble) : null);
}

function meta(bubble) {
  const node = el("span", { class: "meta" }, el("time", { datetime: new Date(bubble.at).toISOString() }, timeOfDay(bubble.at)));
  if (bubble.mine && !bubble.deleted) {
    const [name, label, className] = TICKS[bubble.state];
    const ticks = icon(name, className);
    ticks.setAttribute("aria-hidden", "false");
    ticks.setAttribute("role", "img");
    ticks.setAttribute("aria-label", label);
    node.append(ticks);
  }
  return node;
}

function framed(bubble, content) {
  return [
    content.header ? el("div", { class: "header-text" }, content.header) : null,
    text(content.body, content.footer ? null : bubble),
    content.footer ? el("div", { class: "footer-text" }, content.footer, meta(bubble)) : null,
  ].filter(Boolean);
}

function interactive(bubble, content, act) {
  const nodes = framed(bubble, content);
  if (content.action === "buttons") {
    nodes.push(optionButtons(bubble, content.options, act));
  } else if (content.action === "list") {
    const opener = el("button", { type: "button", class: "open-list", "aria-haspopup": "dialog", "aria-expanded": "false" }, icon("list"), content.button);
    opener.addEventListener("click", () => act.list(bubble, opener));
    nodes.push(el("div", { class: "options" }, opener));
  } else {
    nodes.push(...linkButton(content));
  }
  return nodes;
}

function optionButtons(bubble, options, act) {
  return el("div", { class: "options", role: "group", "aria-label": "Respuestas" }, options.map((option) => {
    const chosen = bubble.chosen === option.id;
    return el("button", { type: "button", class: chosen ? "option chosen" : "option", "data-option": option.id, onclick: () => act.option(bubble, option.id) },
      icon(chosen ? "check" : "reply"), option.title);
  }));
}

function linkButton(content) {
  let host = content.url;
  let safe = false;
  try {
    const url = new URL(content.url);
    host = url.host;
    safe = url.protocol === "https:" || url.protocol === "http:";
  } catch { /* Not a URL: shown as text, not as a link. */ }
  return [
    el("div", { class: "link-domain" }, host),
    el("div", { class: "options" }, safe
      ? el("a", { class: "cta", href: content.url, target: "_blank", rel: "noopener noreferrer" }, icon("open"), content.display)
      : el("span", {}, `${content.display} (enlace no válido)`)),
  ];
}

function media(bubble, content) {
  const caption = content.caption ? text(content.caption, bubble) : meta(bubble);
  switch (content.media) {
    case "image":
    case "sticker":
      return [picture(content), caption];
    case "audio":
      return [voice(content), meta(bubble)];
    default: {
      const size = content.size_bytes ? ` · ${Math.max(1, Math.round(content.size_bytes / 1024))} kB` : "";
      const kind = (content.filename?.split(".").pop() ?? content.media).toUpperCase();
      const inner = [icon("document"), el("span", {}, el("b", {}, content.filename ?? "Documento"), el("span", {}, `${kind}${size}`))];
      const file = content.url
        ? el("a", { class: "file", href: content.url, target: "_blank", rel: "noopener noreferrer" }, inner)
        : el("div", { class: "file" }, inner);
      return [file, caption];
    }
  }
}

function picture(content) {
  const gone = () => el("div", { class: "picture-gone" }, icon("photo"), "Imagen");
  if (!content.url) return gone();
  const image = el("img", { class: "picture", src: content.url, alt: content.caption ?? "Foto" });
  image.addEventListener("error", () => image.replaceWith(gone()));
  return image;
}

function voice(content) {
  const audio = content.url ? new Audio(content.url) : null;
  const button = el("button", { type: "button", "aria-label": "Reproducir nota de voz", disabled: !audio }, icon("play"));
  const show = () => {
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    button.setAttribute("aria-label", audio.paused ? "Reproducir nota de voz" : "Pausar nota de voz");
  };
  button.addEventListener("click", () => (audio.paused ? audio.play() : audio.pause()));
  for (const event of ["play", "pause", "ended"]) audio?.addEventListener(event, show);
  return el("div", { class: "voice-line" }, button, icon("wave", "wave"));
}

function template(bubble, content, act) {
  const nodes = content.body ? framed(bubble, content) : [
    el("div", { class: "header-text" }, `Plantilla «${content.name}»`),
    el("dl", { class: "parameters" }, content.parameters.flatMap((parameter, index) => [
      el("dt", {}, parameter.name ?? String(index + 1)), el("dd", {}, parameter.value)])),
    meta(bubble),
  ];
  if (content.options.length) nodes.push(optionButtons(bubble, content.options, act));
  return nodes;
}
