// Numbers as people read them, in the chosen language.
import { language, word } from "/board/words.js";

const made = new Map();

function formatter(options) {
  const key = language + JSON.stringify(options);
  if (!made.has(key)) made.set(key, new Intl.NumberFormat(language, options));
  return made.get(key);
}

const number = (value, digits = 0) => formatter({ maximumFractionDigits: digits }).format(value);
const short = (value) =>
  Math.abs(value) >= 1e6 ? formatter({ notation: "compact", maximumFractionDigits: 2 }).format(value) : number(value);

export function money(amount, currency, narrow = false) {
  const size = Math.abs(amount);
  const digits = size < (narrow ? 100 : 1000) ? 2 : 0;
  const options = { style: "currency", currency, currencyDisplay: "narrowSymbol", maximumFractionDigits: digits, minimumFractionDigits: digits };
  if (size >= (narrow ? 1e5 : 1e6)) Object.assign(options, { notation: "compact", maximumFractionDigits: narrow ? 1 : 2, minimumFractionDigits: 0 });
  try {
    return formatter(options).format(amount);
  } catch {
    return `${number(amount, digits)} ${currency}`;
  }
}

// narrow: for a table, in which long amounts are rounded.
export function value(kind, found, currency, narrow = false) {
  if (found == null) return "–";
  if (typeof found === "object") {
    return Object.entries(found).map(([code, amount]) => money(amount, code, narrow)).join(" + ") || "–";
  }
  switch (kind) {
    case "ratio":
      return formatter({ style: "percent", maximumFractionDigits: Math.abs(found) < 0.1 ? 2 : 1, ...(Math.abs(found) < 1000 ? {} : { notation: "compact" }) }).format(found);
    case "factor":
      return `${Math.abs(found) < 1e6 ? number(found, 2) : short(found)} ×`;
    case "score":
      return formatter({ signDisplay: "exceptZero", maximumFractionDigits: 0 }).format(found);
    case "per_minute":
      return number(found, 1);
    case "months":
      return word("months", { n: number(found, 1) });
    case "seconds":
      return word("seconds", { n: number(found) });
    case "money":
      return currency ? money(found, currency, narrow) : number(found, 2);
    default:
      return short(found);
  }
}

const two = (n) => String(n).padStart(2, "0");

export function clock(ms) {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

// With the zone, which is the viewer's: whoever reads it aloud may sit in another one.
const DAY = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" };
export const day = (text) => new Intl.DateTimeFormat(language, DAY).format(new Date(text));
export const exactly = (ms) => new Intl.DateTimeFormat(language, { ...DAY, year: "numeric", second: "2-digit" }).format(ms);

export function ago(ms) {
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const seconds = Math.round((Date.now() - ms) / 1000);
  if (seconds < 60) return relative.format(-Math.max(0, seconds), "second");
  if (seconds < 5400) return relative.format(-Math.round(seconds / 60), "minute");
  return seconds < 129600 ? relative.format(-Math.round(seconds / 3600), "hour") : relative.format(-Math.round(seconds / 86400), "day");
}
