// The figures on the screen as a file for a spreadsheet.
import { titleOf } from "/board/words.js";

const HEAD = ["campaign", "channel", "kpi", "title", "window", "value", "currency", "unit", "cases", "target", "target_window", "target_met", "owner", "as_of"];

// A cell that begins like a formula is run by spreadsheets. Russian ones part cells by semicolons and numbers by commas.
function cell(content, russian) {
  let text = content == null ? "" : String(content);
  if (typeof content === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  if (russian && typeof content === "number") return text.replace(".", ",");
  return /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const told = (target) => [`${target.bound === "min" ? ">=" : "<="} ${target.limit}`, target.window, target.met, target.owner && target.owner[0]];

export function csv(picture, definitions, language) {
  const russian = language === "ru";
  const asOf = picture.end_ms == null ? "" : new Date(picture.end_ms).toISOString();
  const rows = [HEAD];
  const left = new Set(picture.targets);
  const add = (channel, name, window, value, cases, target) => {
    const kpi = definitions.get(name);
    const amounts = value != null && typeof value === "object" ? Object.entries(value) : [["", value]];
    for (const [currency, amount] of amounts) {
      rows.push([picture.campaign, channel, name, titleOf(kpi), window, amount, currency, kpi.unit, cases, ...(target ? told(target) : ["", "", "", ""]), asOf]);
    }
  };
  for (const { channel, kpis } of [{ channel: "all", kpis: picture.kpis }, ...picture.channels]) {
    for (const [name, [window, value, cases]] of Object.entries(kpis)) {
      const target = picture.targets.find((one) => one.kpi === name && one.channel === channel && one.window === window);
      left.delete(target);
      add(channel, name, window, value, cases, target);
    }
  }
  // A target of another window stands with the figure of that window.
  for (const one of left) add(one.channel, one.kpi, one.window, one.value, null, one);
  return `\ufeff${rows.map((row) => row.map((one) => cell(one, russian)).join(russian ? ";" : ",")).join("\r\n")}\r\n`;
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
