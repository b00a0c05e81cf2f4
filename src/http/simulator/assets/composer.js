// Where the person writes: text, reply, attachments.

import { byId, el, icon } from "./dom.js";
import { quoteOf } from "./bubbles.js";
import { openMenu } from "./overlay.js";

const form = byId("composer");
const field = byId("composer-text");
const attach = byId("attach");
const preview = byId("reply-preview");

/** on: { say(what) → Promise<boolean>, act } */
export function createComposer(on) {
  let replyTo = null;

  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Escape" && replyTo) {
      reply(null);
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = field.value.trim();
    if (!body) return field.focus();
    const what = { kind: "text", body, reply_to: replyTo?.wamid ?? null };
    field.value = "";
    fit();
    const answered = replyTo;
    reply(null);
    if (!(await on.say(what))) {
      field.value = body;
      reply(answered);
      fit();
    }
    return field.focus();
  });
  attach.addEventListener("click", () => {
    openMenu([
      { icon: "photo", label: "Foto del comprobante", act: () => on.say({ kind: "media", sample: "receipt" }) },
      { icon: "document", label: "Documento PDF", act: () => on.say({ kind: "media", sample: "document" }) },
      { icon: "voice", label: "Nota de voz", act: () => on.say({ kind: "media", sample: "voice" }) },
      { icon: "pin", label: "Ubicación", act: () => on.say({ kind: "location" }) },
      { icon: "stranger", label: "Contacto", act: () => on.say({ kind: "contact" }) },
    ], attach, "Adjuntar");
  });

  function fit() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 132)}px`;
  }

  function reply(bubble) {
    replyTo = bubble;
    preview.hidden = !bubble;
    preview.replaceChildren();
    if (!bubble) return;
    preview.append(quoteOf(bubble, on.act), el("button", {
      type: "button", class: "round", "aria-label": "No responder a este mensaje",
      onclick: () => { reply(null); field.focus(); },
    }, icon("close")));
    field.focus();
  }

  return { reply, focus: () => field.focus(), clear: () => { field.value = ""; reply(null); fit(); } };
}
