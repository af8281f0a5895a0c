// The live board: what is chosen, what has come, and whether it can be trusted.
import { $, el, mark, say, svg } from "/board/dom.js";
import { csv, save } from "/board/csv.js";
import { ago, clock, exactly } from "/board/format.js";
import { Stream } from "/board/stream.js";
import { language, setLanguage, titleOf, whyOf, word } from "/board/words.js";
import { View, person } from "/board/view.js";

const WINDOWS = ["1m", "5m", "1h", "24h", "today", "7d", "30d", "month", "launch"];
const STALE_MS = 5000;

const asked = new URLSearchParams(location.search);
const chosen = { campaign: asked.get("campaign") || "", window: WINDOWS.includes(asked.get("window")) ? asked.get("window") : "launch" };
const partitions = new Map();
const meanings = {};
let definitions, groups, view, picture, history_, alerts, pulse, pulseAt, listAt = 0;

const stream = new Stream({ event: take, refused });

function take(kind, data) {
  if (kind === "campaigns") {
    partitions.set(data.partition, data.campaigns);
    showList(partitions.size === data.of);
  } else if (kind === "picture") {
    picture = data;
    if (!data.unknown) view.show(picture);
    if (history_ && !data.unknown) showHistory();
  } else if (kind === "history") {
    history_ = data;
    if (picture && !picture.unknown) showHistory();
  } else if (kind === "alerts") {
    alerts = view.alerts = data;
    if (picture && !picture.unknown) view.show(picture);
  } else if (kind === "pulse") {
    pulse = data;
    pulseAt = performance.now();
    listAt = listAt || pulseAt;
    if (!chosen.campaign && performance.now() - listAt > 2500) showList(true);
  }
  showState();
}

function showHistory() {
  view.showHistory(history_, picture);
}

// ---- what is chosen

function campaigns() {
  return [...partitions.values()].flat().sort((a, b) => b[2] - a[2] || (a[1] || a[0]).localeCompare(b[1] || b[0], language));
}

function showList(whole) {
  const all = campaigns();
  if (!chosen.campaign && whole && all.length) choose({ campaign: all[0][0] });
  const known = all.some(([id]) => id === chosen.campaign);
  const key = JSON.stringify([all, chosen.campaign, language]);
  if ($("campaign").dataset.key === key) return;
  $("campaign").dataset.key = key;
  const option = ([id, name]) => el("option", { value: id, selected: id === chosen.campaign }, name || id);
  const part = (label, found) => (found.length ? [el("optgroup", { label: word(label) }, ...found.map(option))] : []);
  $("campaign").replaceChildren(
    ...(known || !chosen.campaign ? [] : [el("option", { value: chosen.campaign, selected: true }, chosen.campaign)]),
    ...part("active", all.filter((one) => one[2])),
    ...part("quiet", all.filter((one) => !one[2])),
  );
  $("campaign").value = chosen.campaign;
}

function choose(change) {
  Object.assign(chosen, change);
  picture = history_ = pulse = alerts = view.alerts = undefined;
  $("figures").classList.add("waiting");
  const query = new URLSearchParams(chosen);
  history.replaceState(null, "", `?${query}`);
  for (const input of $("windows").querySelectorAll("input")) input.checked = input.value === chosen.window;
  showWindow();
  $("campaign").value = chosen.campaign;
  $("checks").href = `/preflight/${encodeURIComponent(chosen.campaign)}?window=${chosen.window}`;
  stream.follow(String(query));
  showState();
}

// On a phone the row of windows is longer than the screen.
function showWindow() {
  const row = $("windows");
  const label = row.querySelector("input:checked").parentNode;
  row.scrollLeft = label.offsetLeft - (row.clientWidth - label.offsetWidth) / 2;
}

function step(by) {
  const all = campaigns();
  const at = all.findIndex(([id]) => id === chosen.campaign);
  if (all.length > 1) choose({ campaign: all[(at + by + all.length) % all.length][0] });
}

// ---- whether it can be trusted

// How old the figures are in milliseconds; null where this worker does not know.
function age() {
  return pulse && pulse.picture != null ? pulse.picture + performance.now() - pulseAt : null;
}

function state() {
  if (!stream.open) return pulse || picture ? "lost" : "waiting";
  if (!picture) return "waiting";
  if (pulse && (age() ?? Infinity) > STALE_MS) return "stale";
  if (picture.unknown) return "unknown";
  return picture.held_back_by.length ? "behind" : "live";
}

// What a reader hears is said once; how old the figures are, every second, is only seen.
function showState() {
  const now = state();
  const time = picture && picture.end_ms != null ? clock(picture.end_ms) : "–";
  const why = picture ? whyOf((picture.held_back_by || [])[0] || "") : "";
  $("state").dataset.state = now;
  say($("state-text"), word(now));
  const old = now === "stale" || now === "lost";
  say($("state-age"), now === "live" ? word("live_text", { time }) : old && age() != null ? ago(Date.now() - age()) : "");
  mark($("state"), "title", picture && picture.end_ms != null ? exactly(picture.end_ms) : null);
  $("figures").classList.toggle("old", old);
  // Alerts do not come from whoever owns the campaign.
  $("figures").classList.toggle("lost", now === "lost");
  $("figures").classList.toggle("waiting", !picture || Boolean(picture.unknown));
  let text = { lost: "lost_text", stale: age() == null ? "unconfirmed_text" : "stale_text", behind: "behind_text" }[now] || "";
  if (picture && picture.unknown && now !== "lost") text = "unknown_text";
  if (now === "waiting") text = stream.open && pulse ? (chosen.campaign ? "starting_text" : "none_text") : pulseAt ? "lost_text" : "waiting_text";
  let notice = text && word(text, { time, why, name: chosen.campaign });
  if (!notice && pulse && pulse.silent && pulseAt - listAt > 4000) notice = word("silent_text", pulse);
  if (problem) notice = word("refused_text", { why: problem });
  $("notice").dataset.state = now;
  $("notice").hidden = !notice;
  say($("notice"), notice);
}

let problem = "";

function refused(status, detail) {
  if (status !== 401) {
    problem = detail;
    showState();
    return;
  }
  const input = el("input", { type: "password", id: "token", autocomplete: "off", required: true });
  const form = el("form", {}, el("p", {}, word("token_text")), el("label", { for: "token" }, word("token_label")), input, el("button", { type: "submit", class: "go" }, word("token_go")));
  if (stream.token) form.prepend(el("p", { class: "missed" }, word("token_wrong")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    $("dialog").close();
    stream.remember(input.value.trim());
  });
  openDialog(word("token_title"), form);
  input.focus();
}

// ---- dialogs

function openDialog(title, ...body) {
  $("dialog-title").textContent = title;
  $("dialog-body").replaceChildren(...body);
  if (!$("dialog").open) $("dialog").showModal();
}

function explain(name) {
  if (!picture || picture.unknown) return;
  const kpi = definitions.get(name);
  const [window, found, cases, judged, why] = picture.kpis[name] || [picture.window, null, null, false, ""];
  const terms = [];
  const add = (term, ...text) => terms.push(el("dt", {}, term), el("dd", {}, ...text));
  add(word("wl")[window], el("b", { class: "big" }, view.text(name, found, picture)), found == null ? ` ${whyOf(why)}` : "");
  if (cases != null) add(word("cases"), `${view.text("orders", cases, picture)}${judged || found == null ? "" : ` · ${word("few")}`}`);
  for (const one of picture.targets.filter((target) => target.kpi === name)) {
    const met = one.met == null ? `${word("unjudged")}: ${whyOf(one.why)}` : word(one.met ? "met" : "not_met");
    const limit = word(one.bound, { limit: view.text(name, one.limit, picture) });
    const now = view.text(name, one.value, picture);
    add(word("target"), `${limit}, ${word("wl")[one.window]}: ${now}, ${met}${one.source === "industry" ? ` (${word("industry")})` : ""}`);
  }
  add(word("owner"), person(picture.owners[name] || picture.owner) || word("nobody"));
  const meaning = el("span", {}, "…");
  const formula = el("code", {}, "…");
  add(word("meaning"), meaning);
  add(word("formula"), formula);
  openDialog(titleOf(kpi), el("dl", {}, ...terms));
  said(language).then((all) => ([meaning.textContent, formula.textContent] = all[name]))
    .catch(() => ([meaning.textContent, formula.textContent] = [word("not_loaded"), "–"]));
}

const words = async (file, name) => (await fetch(`/board/${file}${name === "ru" ? ".ru" : ""}.json`)).json();

// What the KPIs mean is more than all else that is said of them, and few ask for it: it comes with the first question.
function said(name) {
  meanings[name] ||= words("meanings", name);
  meanings[name].catch(() => delete meanings[name]);
  return meanings[name];
}

function help() {
  const keys = word("keys").flatMap(([key, text]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)]);
  openDialog(word("help_title"), el("dl", { class: "keys" }, ...keys), el("p", {}, word("help_text")));
}

// ---- tools

const TOOLS = {
  theme: ["d", "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark")],
  language: ["l", "", () => speak(language === "ru" ? "en" : "ru")],
  csv: ["x", "M12 4v11m-5-5 5 5 5-5M4 20h16", () => picture && !picture.unknown && save(`${chosen.campaign}-${chosen.window}.csv`, csv(picture, definitions, language))],
  share: ["s", "M10 14a4 4 0 0 0 6 0l4-4a4 4 0 0 0-6-6l-1.500 1.500M14 10a4 4 0 0 0-6 0l-4 4a4 4 0 0 0 6 6l1.500-1.500", share],
  full: ["f", "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen())],
  help: ["?", "M9 9.500a3 3 0 1 1 4 2.800c-.700.300-1 .900-1 1.700v.500M12 18v.500", help],
};

function theme(name) {
  document.documentElement.dataset.theme = name;
  localStorage.setItem("theme", name);
}

async function share() {
  try {
    await navigator.clipboard.writeText(location.href);
    openDialog(word("copied"), el("p", {}, word("link")), el("p", {}, el("code", {}, location.href)));
  } catch {
    const input = el("input", { type: "text", readonly: true, value: location.href, "aria-label": word("link") });
    openDialog(word("share"), el("p", {}, word("link")), input);
    input.select();
  }
}

// What the KPIs are called comes with the language. Where it does not come, the board keeps the one it has.
async function speak(name) {
  try {
    define(await words("kpis", name));
  } catch (error) {
    if (view) return;
    throw error;
  }
  setLanguage(name);
  document.documentElement.lang = name;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", word(node.dataset.label));
  $("tools").setAttribute("aria-label", word("tools"));
  $("tools").replaceChildren(
    ...Object.entries(TOOLS).map(([tool, [key, path, act]]) => {
      const sign = path ? svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: path })) : name === "ru" ? "EN" : "RU";
      const label = path ? word(tool) : `${sign}: ${word(tool)}`;
      return el("button", { type: "button", id: `tool-${tool}`, "aria-label": label, title: `${word(tool)} (${key})`, onclick: act }, sign);
    }),
  );
  const windows = WINDOWS.map((window) =>
    el("label", { title: word("wl")[window] }, el("input", { type: "radio", name: "window", value: window, checked: window === chosen.window, onchange: () => choose({ window }) }), el("span", {}, word("w")[window])),
  );
  $("windows").replaceChildren($("windows").firstElementChild, ...windows);
  showWindow();
  view = new View(definitions, groups, explain);
  view.alerts = alerts;
  $("about").dataset.key = $("attention").dataset.key = "";
  showList(false);
  if (picture && !picture.unknown) {
    view.show(picture);
    if (history_) showHistory();
  }
  showState();
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input[type=text], input[type=password], select, dialog")) return;
  // Where the layout has no Latin letters, those that stand on the key.
  const key = /^[!-~]$/.test(event.key) ? event.key : event.code.replace(/^Key/, "").toLowerCase();
  const tool = Object.values(TOOLS).find(([its]) => its === key);
  if (tool) tool[2]();
  else if (key === "c") $("campaign").focus();
  else if (key === "n" || key === "p") step(key === "n" ? 1 : -1);
  else if (WINDOWS[key - 1]) choose({ window: WINDOWS[key - 1] });
  else return;
  event.preventDefault();
});

$("campaign").addEventListener("change", (event) => choose({ campaign: event.target.value }));
setInterval(showState, 500);

function define(told) {
  groups = Object.keys(told.groups);
  definitions = new Map();
  for (const group of groups) {
    for (const values of told.groups[group]) {
      const kpi = Object.fromEntries(told.fields.map((field, at) => [field, values[at]]));
      definitions.set(kpi.name, { ...kpi, group });
    }
  }
}

async function begin() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = localStorage.getItem("theme") || (dark ? "dark" : "light");
  await speak(language);
  if (chosen.campaign) choose({});
  else stream.follow("");
}

begin();
