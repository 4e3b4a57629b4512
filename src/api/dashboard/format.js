// Formats values for display.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });
const fixed = Array.from({ length: 13 }, (_, digits) =>
  new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" }));
// Of the zone that is shown: see `setZone`.
let zone;
let clock;
let minutes;
let day;
let date;
let month;

const DIGITS_MAX = 12;
const SIGNIFICANT = 7;
const DAY_MS = 86_400_000;

/** Show times in a zone: "UTC", "local" for that of this computer, or a name such as "Asia/Tokyo". Returns its name. */
export function setZone(name) {
  const timeZone = name === "local" ? undefined : name;
  const hour = { hour: "2-digit", minute: "2-digit", timeZone };
  clock = new Intl.DateTimeFormat("en-GB", { ...hour, second: "2-digit" });
  minutes = new Intl.DateTimeFormat("en-GB", hour);
  day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone });
  date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone });
  month = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone });
  zone = clock.resolvedOptions().timeZone;
  return zone;
}

setZone("UTC");

export const zoneName = () => zone;

export const count = value => whole.format(value);

/** A count with its noun: "1 update", "2 updates". */
export const counted = (value, noun) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** A volume: four digits, and a letter where it is large. */
export const amount = value => (value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : compact.format(value));

/** Decimal places of a number as received. */
export function digitsOf(value) {
  const [mantissa, exponent = 0] = `${value}`.split("e");
  return Math.max(0, Math.min(DIGITS_MAX, (mantissa.split(".")[1]?.length ?? 0) - exponent));
}

/** With every digit up to 12; what is beyond these gets an exponent. */
export const price = (value, digits) =>
  value !== 0 && (Math.abs(value) >= 1e15 || (digits >= DIGITS_MAX && Math.abs(value) < 10 ** -DIGITS_MAX))
    ? value.toExponential(3)
    : fixed[Math.min(digits, DIGITS_MAX)].format(value);

/** An average gets up to two more digits than its prices, as far as they are significant. */
export const average = (value, digits) =>
  price(value, Math.max(digits, Math.min(digits + 2, SIGNIFICANT - wholeDigits(value))));

const wholeDigits = value => Math.max(1, Math.floor(Math.log10(Math.abs(value) || 1)) + 1);

export function percent(value) {
  const size = Math.abs(value) < 1e4 ? fixed[2].format(Math.abs(value)) : Math.abs(value).toExponential(1);
  return `${["−", "", "+"][sign(value) + 1]}${size}%`;
}

/** Sign of a percentage as displayed: 0 if it rounds to zero. */
export const sign = value => (Math.abs(value) < 0.005 ? 0 : Math.sign(value));

export const arrow = value => (value > 0 ? "▲" : value < 0 ? "▼" : "");

export const time = ms => clock.format(ms);

/** A mark on a time axis. type: of the library, 0 a year, 1 a month, 2 a day, 3 a time, 4 with seconds. */
export const mark = (ms, type) => (type < 2 ? month : type === 2 ? date : type === 3 ? minutes : clock).format(ms);

export const moment = ms => (Date.now() - ms > DAY_MS ? `${day.format(ms)} ${clock.format(ms)}` : clock.format(ms));

/** A moment with its date. seconds: whether the time has them; null for the date alone. */
export const full = (ms, seconds = true) =>
  seconds === null ? day.format(ms) : `${day.format(ms)} ${(seconds ? clock : minutes).format(ms)}`;

// Up to each of these many seconds, in units of so many.
const AGES = [[60, 1, "s"], [3600, 60, "min"], [86_400, 3600, "h"], [63_115_200, 86_400, "d"], [Infinity, 31_557_600, "y"]];

export function age(ms) {
  const seconds = Math.max(0, ms / 1000);
  const [, unit, name] = AGES.find(([end]) => seconds < end);
  return `${Math.floor(seconds / unit)} ${name}`;
}

/** Microseconds: "180 µs", "1.25 ms". */
export const micros = value => (value < 1000 ? `${Number(value.toPrecision(3))} µs` : value < 1e6 ? `${Number((value / 1000).toPrecision(3))} ms` : `${Number((value / 1e6).toPrecision(3))} s`);

/** How long something took: "0.42 s", "3 min". */
export const duration = ms => (ms < 1000 ? `${Math.round(ms)} ms` : ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : age(ms));
