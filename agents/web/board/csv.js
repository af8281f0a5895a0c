// The figures on the screen as a file for a spreadsheet.
import { titleOf } from "/board/words.js";

const HEAD = ["campaign", "channel", "kpi", "title", "window", "value", "currency", "unit", "cases", "target", "target_window", "target_met", "owner", "as_of"];

// A cell that begins like a formula is run by spreadsheets.
function cell(content) {
  let text = content == null ? "" : String(content);
  if (typeof content === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csv(picture, definitions) {
  const asOf = picture.end_ms == null ? "" : new Date(picture.end_ms).toISOString();
  const rows = [HEAD];
  for (const { channel, kpis } of [{ channel: "all", kpis: picture.kpis }, ...picture.channels]) {
    for (const [name, [window, value, cases]] of Object.entries(kpis)) {
      const kpi = definitions.get(name);
      const target = picture.targets.find((one) => one.kpi === name && one.channel === channel);
      const amounts = value != null && typeof value === "object" ? Object.entries(value) : [["", value]];
      for (const [currency, amount] of amounts) {
        rows.push([
          picture.campaign, channel, name, titleOf(kpi), window, amount, currency, kpi.unit, cases,
          target && `${target.bound === "min" ? ">=" : "<="} ${target.limit}`, target && target.window, target && target.met,
          target && target.owner && target.owner[0], asOf,
        ]);
      }
    }
  }
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

export function save(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
