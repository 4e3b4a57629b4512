// How values are written.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

const DIGITS_MAX = 8;

export const count = value => whole.format(value);

/** Digits behind the point of a number as it came. */
export const digitsOf = value => Math.min(DIGITS_MAX, `${value}`.split("e")[0].split(".")[1]?.length ?? 0);

/** Very large and very small numbers keep their exponent. */
export const price = (value, digits) =>
  value !== 0 && (Math.abs(value) >= 1e12 || Math.abs(value) < 1e-6) ? value.toPrecision(7) : value.toFixed(digits);

/** Six significant digits: enough to see a move by. */
export const short = value => `${Number(value.toPrecision(6))}`;

export const percent = value => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)} %`;

export const arrow = value => (value > 0 ? "▲" : value < 0 ? "▼" : "");

export const time = ms => clock.format(ms);

export const moment = ms => (Date.now() - ms > 86_400_000 ? `${day.format(ms)} ${clock.format(ms)}` : clock.format(ms));

export function age(ms) {
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${count(Math.floor(seconds / 86_400))} d`;
}
