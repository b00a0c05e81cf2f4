// The simulator's backend.

const REFUSALS = {
  unknown_chat: "Este chat ya no existe. Elija de nuevo a la persona.",
  unknown_message: "Ese mensaje ya no está en el chat.",
  option_not_offered: "El mensaje no ofrece esa opción.",
  text_length: "El texto debe tener entre 1 y 4096 caracteres.",
  queue_full: "Hay demasiados webhooks sin entregar. Espere a que el sistema responda.",
};

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(`/simulator/api${path}`, options);
  } catch {
    throw new Error("No hay conexión con el simulador. ¿Sigue corriendo «acuerdo demo»?");
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  let code = null;
  try {
    ({ code } = await answer.json());
  } catch { /* The body was no JSON; the status says enough. */ }
  throw new Error(REFUSALS[code] ?? `El simulador respondió ${answer.status}.`);
}

const post = (path, body) =>
  ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) });
const chatPath = (id) => `/chats/${encodeURIComponent(id)}`;

export const people = () => ask("/debtors");
export const openStranger = () => post("/chats");
export const chat = (id) => ask(chatPath(id));
export const say = (id, said) => post(`${chatPath(id)}/messages`, said);
export const read = (id) => post(`${chatPath(id)}/read`);
export const inspect = (id) => ask(`${chatPath(id)}/inspect`);

/** Live news; the browser reconnects by itself, and `onState` tells "live" or "lost". */
export function listen(onEvent, onState) {
  const source = new EventSource("/simulator/api/events");
  let lost = false;
  source.addEventListener("open", () => {
    onState("live");
    if (lost) onEvent({ type: "resync" });
    lost = false;
  });
  source.addEventListener("error", () => {
    lost = true;
    onState("lost");
  });
  source.addEventListener("message", (message) => onEvent(JSON.parse(message.data)));
}
