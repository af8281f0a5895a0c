// Before a launch: what is right, what to mend; and the launch's own history as a file.
import { $, el, say } from "/board/dom.js";

const WORDS = {
  en: {
    title: "Preflight", back: "To the board", ok: "Ready", mend: "To mend", unknown: "Unknown", all_ok: "Everything is ready", all_mend: "Something is to be mended", all_unknown: "Something could not be looked at",
    rate: "Events a second expected at the peak, of all campaigns", rate_todo: "enter above how many events a second you expect at the peak, of all campaigns together, and press “Look again”", look: "Look again", language: "По-русски", asking: "Looking …",
    history: "Download the history", history_text: "As CSV with times in UTC, from the service's own records, where late events have been put into their own time. Minutes are held for 2 hours, hours for 32 days, days for 400 days.",
    minute: "By minutes", hour: "By hours", day: "By days", token: "Token", token_go: "Go on", lost: "The worker does not answer: {why}", refused: "Refused: {why}",
  },
  ru: {
    title: "Проверка перед запуском", back: "К табло", ok: "Готово", mend: "Исправить", unknown: "Неизвестно", all_ok: "Всё готово", all_mend: "Есть что исправить", all_unknown: "Проверено не всё",
    rate: "Событий в секунду на пике, всех кампаний", rate_todo: "введите выше, сколько событий в секунду вы ждёте на пике по всем кампаниям вместе, и нажмите «Проверить снова»", look: "Проверить снова", language: "In English", asking: "Проверяем …",
    history: "Скачать историю", history_text: "В CSV, время в UTC, из записей самого сервиса: опоздавшие события стоят в своём времени. Минуты хранятся 2 часа, часы 32 дня, дни 400 дней.",
    minute: "По минутам", hour: "По часам", day: "По дням", token: "Токен", token_go: "Продолжить", lost: "Воркер не отвечает: {why}", refused: "Отказ: {why}",
  },
};
const campaign = decodeURIComponent(location.pathname.slice("/preflight/".length));
const asked = new URLSearchParams(location.search);
const api = `/api/campaigns/${encodeURIComponent(campaign)}`;
let called = campaign;
let language = localStorage.getItem("language") || (navigator.language.startsWith("ru") ? "ru" : "en");

const word = (name, fill = {}) => WORDS[language][name].replace(/\{(\w+)\}/g, (_, key) => fill[key]);

function entitle() {
  say($("name"), called);
  document.title = `${called} · ${word("title")}`;
}

function complain(text) {
  $("notice").hidden = !text;
  say($("notice"), text);
}

// The address says what was asked, so that it can be shared, and the board's window, so that there is a way back to it.
function address(rate) {
  if (rate) asked.set("rate", rate);
  else asked.delete("rate");
  history.replaceState(null, "", `${location.pathname}${String(asked) && `?${asked}`}`);
}

// A worker names the option of the command; here is a field.
const todo = (line) => (line.check === "rate" && line.mend ? word("rate_todo") : line.mend);

// The answer as it is read, or nothing where there is none: then the page says why, unless it was given up.
async function ask(path, read, signal) {
  const token = sessionStorage.getItem("token");
  try {
    const answer = await fetch(path, { headers: token ? { Authorization: `Bearer ${token}` } : {}, cache: "no-store", signal });
    $("login").hidden = answer.status !== 401;
    if (answer.ok) return await read(answer);
    complain(word("refused", { why: (await answer.json()).detail }));
  } catch (error) {
    if (!signal?.aborted) complain(word("lost", { why: error.message }));
  }
  return null;
}

// What is asked last is shown: a look gives up the one before, whose answer could come after its own.
let looking = new AbortController();

async function look() {
  looking.abort();
  looking = new AbortController();
  const { signal } = looking;
  say($("verdict"), word("asking"));
  complain("");
  const rate = $("rate").value;
  address(rate);
  const found = await ask(`${api}/preflight?language=${language}${rate ? `&rate=${encodeURIComponent(rate)}` : ""}`, (answer) => answer.json(), signal);
  if (signal.aborted) return;
  if (!found) {
    say($("verdict"), word("all_unknown"));
    $("state").dataset.state = "unknown";
    return;
  }
  called = found.name || campaign;
  entitle();
  say($("verdict"), word(`all_${found.verdict}`));
  $("state").dataset.state = found.verdict;
  $("lines").replaceChildren(
    ...found.lines.map((line) =>
      el(
        "li", { "data-check": line.check, "data-verdict": line.verdict },
        el("span", { class: `chip ${line.verdict}` }, word(line.verdict)),
        el("p", {}, el("b", {}, line.title), `: ${line.message}`),
        line.mend ? el("p", { class: "todo" }, todo(line)) : null,
      ),
    ),
  );
}

async function download(step) {
  const file = await ask(`${api}/history?format=csv&step=${step}`, (answer) => answer.blob());
  if (!file) return;
  const link = el("a", { href: URL.createObjectURL(file), download: `${campaign}-${step}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function speak() {
  document.documentElement.lang = language;
  entitle();
  for (const [id, name] of [["back", "back"], ["rate-label", "rate"], ["look", "look"], ["language", "language"], ["history-title", "history"], ["history-text", "history_text"], ["token-label", "token"], ["token-go", "token_go"]]) say($(id), word(name));
  $("files").replaceChildren(...["minute", "hour", "day"].map((step) => el("button", { type: "button", class: "go", onclick: () => download(step) }, word(step))));
  look();
}

const dark = matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.dataset.theme = localStorage.getItem("theme") || (dark ? "dark" : "light");
const back = new URLSearchParams({ campaign });
if (asked.get("window")) back.set("window", asked.get("window"));
$("board").href = `/?${back}`;
$("rate").value = asked.get("rate") || "";
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  look();
});
// The page comes with them disabled: what is entered before this line would be lost.
for (const id of ["rate", "look"]) $(id).disabled = false;
$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("token").value.trim());
  look();
});
$("language").addEventListener("click", () => {
  language = language === "ru" ? "en" : "ru";
  localStorage.setItem("language", language);
  speak();
});
speak();
