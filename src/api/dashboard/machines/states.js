// How machines stand, in words, signs and colours: never by colour alone.

export const STATES = {
  ok: { sign: "✓", word: "OK" },
  stale: { sign: "◌", word: "Silent" },
  alert: { sign: "▲", word: "Alert" },
};

const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });

export const number = value => (value === null ? "–" : plain.format(value));

/** What a reading says: its value, its unit, and its quality unless that is good. */
export function said(sensor) {
  const unit = sensor.unit === null ? "" : ` ${sensor.unit}`;
  return `${number(sensor.value)}${unit}${sensor.quality === "good" ? "" : ` (${sensor.quality})`}`;
}

/** How far a reading is from what is usual. */
export const distance = sensor => (sensor.zScore === null ? "" : `${sensor.zScore >= 0 ? "+" : "−"}${Math.abs(sensor.zScore).toFixed(1)} σ`);
