// Formats values for display.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
// Of the zone that is shown: see `setZone`.
let clock;
let minutes;
let day;
let date;

const DIGITS_MAX = 12;
const SIGNIFICANT = 7;

/** Show times in UTC or, if `local`, in the zone of this computer. Returns its name. */
export function setZone(local) {
  const timeZone = local ? undefined : "UTC";
  const hour = { hour: "2-digit", minute: "2-digit", timeZone };
  clock = new Intl.DateTimeFormat("en-GB", { ...hour, second: "2-digit" });
  minutes = new Intl.DateTimeFormat("en-GB", hour);
  day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone });
  date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone });
  return local ? Intl.DateTimeFormat().resolvedOptions().timeZone : "UTC";
}

setZone(false);

export const count = value => whole.format(value);

/** Decimal places of a number as received. */
export function digitsOf(value) {
  const [mantissa, exponent = 0] = `${value}`.split("e");
  return Math.max(0, Math.min(DIGITS_MAX, (mantissa.split(".")[1]?.length ?? 0) - exponent));
}

/** Very large and very small numbers get an exponent. */
export const price = (value, digits) =>
  value !== 0 && (Math.abs(value) >= 1e12 || Math.abs(value) < 1e-6)
    ? value.toExponential(3)
    : value.toFixed(Math.min(digits, Math.max(2, SIGNIFICANT + 2 - wholeDigits(value))));

/** An average gets up to two more digits than its prices, as far as they are significant. */
export const average = (value, digits) =>
  price(value, Math.max(digits, Math.min(digits + 2, SIGNIFICANT - wholeDigits(value))));

const wholeDigits = value => Math.max(1, Math.floor(Math.log10(Math.abs(value) || 1)) + 1);

/** Six significant digits, enough to show a move. */
export const short = value => `${Number(value.toPrecision(6))}`;

export function percent(value) {
  const size = Math.abs(value) < 1e4 ? Math.abs(value).toFixed(2) : Math.abs(value).toExponential(1);
  return `${sign(value) < 0 ? "−" : "+"}${size} %`;
}

/** Sign of a percentage as displayed: 0 if it rounds to zero. */
export const sign = value => (Math.abs(value) < 0.005 ? 0 : Math.sign(value));

export const arrow = value => (value > 0 ? "▲" : value < 0 ? "▼" : "");

export const time = ms => clock.format(ms);

/** A mark on a time axis. type: of the library, 0 a year, 1 a month, 2 a day, 3 a time, 4 with seconds. */
export const mark = (ms, type) => (type < 3 ? date : type === 3 ? minutes : clock).format(ms);

export const moment = ms => (Date.now() - ms > 86_400_000 ? `${day.format(ms)} ${clock.format(ms)}` : clock.format(ms));

export function age(ms) {
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${count(Math.floor(seconds / 86_400))} d`;
}
