// The simulator's backend.

async function ask(path, options) {
  const answer = await fetch(`/simulator/api${path}`, options);
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  let title = `El simulador respondió ${answer.status}.`;
  try {
    title = (await answer.json()).title ?? title;
  } catch { /* The body was no JSON; the status says enough. */ }
  throw new Error(title);
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
