// Times as a Colombian phone shows them.

const clock = new Intl.DateTimeFormat("es-CO", { hour: "numeric", minute: "2-digit" });
const exact = new Intl.DateTimeFormat("es-CO", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const weekday = new Intl.DateTimeFormat("es-CO", { weekday: "long" });
const date = new Intl.DateTimeFormat("es-CO", { day: "numeric", month: "long", year: "numeric" });
const longDay = new Intl.DateTimeFormat("es-CO", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

export const timeOfDay = (ms) => clock.format(ms);
export const exactTime = (ms) => exact.format(ms);
export const dayKey = (ms) => new Date(ms).toDateString();

export function dayName(ms) {
  const days = Math.round((startOfDay(Date.now()) - startOfDay(ms)) / 86_400_000);
  if (days === 0) return "Hoy";
  if (days === 1) return "Ayer";
  if (days > 1 && days < 7) return weekday.format(ms);
  return date.format(ms);
}

/** `1988-04-12` → `12 de abril de 1988`. */
export function birthday(text) {
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(at) ? text : longDay.format(at);
}

function startOfDay(ms) {
  return new Date(ms).setHours(0, 0, 0, 0);
}
