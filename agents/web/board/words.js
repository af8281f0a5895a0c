// The board's own words, in English and Russian. A KPI's come with its definition, in the language that is shown.
import { inRussian } from "/board/alerts_ru.js";
import { GROUPS, CHANNELS, WHYS } from "/board/ru.js";

const EN = {
  skip: "Skip to the figures", checks: "Preflight and history", campaign: "Campaign", window: "Window", close: "Close", active: "Active", quiet: "Quiet",
  tools: "Tools", theme: "Dark or light", language: "По-русски", full: "Full screen", share: "Copy link", csv: "Download CSV", help: "Keys and help",
  copied: "The link is copied", link: "This link shows the same campaign and window:",
  live: "Live", waiting: "Connecting", behind: "Behind", stale: "Stale", lost: "Disconnected", unknown: "No such campaign",
  live_text: "as of {time}",
  waiting_text: "Waiting for the first figures.",
  starting_text: "The service is starting or moving this campaign to another worker. Figures follow by themselves.",
  behind_text: "The pipeline is behind: figures stand at {time} and catch up by themselves. {why}",
  stale_text: "Nobody has confirmed these figures for more than five seconds: the worker that owns this campaign does not answer. They stand at {time}.",
  unconfirmed_text: "Nobody confirms these figures: the worker that owns this campaign does not answer. They stand at {time}.",
  lost_text: "The connection is lost. What you see stands at {time}. Trying again …",
  unknown_text: "No campaign is called “{name}”. Choose another one above.",
  none_text: "There are no campaigns yet. As soon as events arrive, or the catalogue has an entry, they show here.",
  refused_text: "The service refuses to answer: {why}",
  silent_text: "{silent} of {partitions} parts of the list do not answer: campaigns may be missing.",
  token_title: "This board needs the token", token_text: "The service can be reached by others, so it asks for the token of LAUNCHPULSE_WEB_TOKEN_FILE. It stays in this tab.", token_label: "Token", token_go: "Show the board", token_wrong: "That is not the token.",
  attention: "Needs attention", missed: "{kpi} {value}, should be {limit}", all_met: "All {n} targets that can be judged are met", no_targets: "No targets are set for this campaign", none_judged: "{n} targets, none can be judged yet",
  headlines: "Headlines", owner: "Owner", nobody: "no owner", runs: "{start} – {end}", since: "since {start}", not_begun: "begins {start}", ended: "ended {end}", inactive: "no events in the last hour",
  more: "All {n} figures", funnel: "Funnel", channels: "Channels", changes: "What the team changed", sentiment: "Sentiment", channel: "Channel", engaged: "Engaged", more_than_all: "More engagements than exposures: this channel does not tell its impressions or deliveries",
  no_changes: "No changes have been told yet (topic tactic).", no_channels: "Nothing was counted yet.",
  alerts: "Alerts", no_alerts: "No alert is firing.", more_alerts: "and {n} more", runbook: "What to do", pipeline: "pipeline", critical: "Critical", warning: "Warning",
  alerts_down: "Alertmanager does not answer: nobody can say whether an alert is firing.", alerts_old: "Alertmanager does not answer. These are the alerts of {time}.",
  before_after: "the hour before → since then", positive: "positive", neutral: "neutral", negative: "negative", unscored: "No scored mentions in this window.", per_minute: "{n} a minute",
  min: "at least {limit}", max: "at most {limit}", met: "met", not_met: "missed", unjudged: "not judged", industry: "industry benchmark",
  cases: "Cases", few: "too few cases to judge", formula: "Formula", meaning: "Meaning", not_loaded: "cannot be loaded now", target: "Target", no_value: "no value",
  spark: "{kpi} by minute in the last hour, highest {top}", spark_short: "{kpi} by ten seconds in the last five minutes, highest {top}", months: "{n} months", seconds: "{n} s",
  w: { "1m": "1 min", "5m": "5 min", "1h": "1 h", "24h": "24 h", today: "Today", "7d": "7 d", "30d": "30 d", month: "Month", launch: "Launch" },
  wl: { "1m": "last minute", "5m": "last 5 minutes", "1h": "last hour", "24h": "last 24 hours", today: "today", "7d": "last 7 days", "30d": "last 30 days", month: "this month", launch: "since the launch" },
  help_title: "Keys", keys: [["1 … 9", "window"], ["c", "choose the campaign"], ["n, p", "next, previous campaign"], ["f", "full screen"], ["d", "dark or light"], ["l", "language"], ["s", "copy the link"], ["x", "download CSV"], ["?", "this help"]],
  help_text: "Choose any figure to see what it means, its target and its owner. Figures that make no sense in the chosen window stand in the next longer one, or in the longest that they have; it is written beside them.",
};

const RU = {
  skip: "К показателям", checks: "Проверка и история", campaign: "Кампания", window: "Период", close: "Закрыть", active: "Активные", quiet: "Без событий",
  tools: "Инструменты", theme: "Тёмная или светлая", language: "In English", full: "Во весь экран", share: "Скопировать ссылку", csv: "Скачать CSV", help: "Клавиши и справка",
  copied: "Ссылка скопирована", link: "Эта ссылка показывает ту же кампанию и тот же период:",
  live: "Онлайн", waiting: "Подключение", behind: "Отстаёт", stale: "Устарело", lost: "Нет связи", unknown: "Нет такой кампании",
  live_text: "на {time}",
  waiting_text: "Ждём первых данных.",
  starting_text: "Сервис запускается или передаёт кампанию другому воркеру. Данные появятся сами.",
  behind_text: "Обработка отстаёт: данные на {time}, догонят сами. {why}",
  stale_text: "Данные не подтверждались больше пяти секунд: воркер этой кампании не отвечает. Они на {time}.",
  unconfirmed_text: "Данные никто не подтверждает: воркер этой кампании не отвечает. Они на {time}.",
  lost_text: "Связь потеряна. На экране данные на {time}. Переподключаемся …",
  unknown_text: "Кампании «{name}» нет. Выберите другую выше.",
  none_text: "Кампаний пока нет. Они появятся, как только придут события или запись каталога.",
  refused_text: "Сервис отказывается отвечать: {why}",
  silent_text: "Не отвечают {silent} из {partitions} частей списка: кампаний может не хватать.",
  token_title: "Нужен токен", token_text: "Сервис доступен по сети и поэтому спрашивает токен из LAUNCHPULSE_WEB_TOKEN_FILE. Он останется в этой вкладке.", token_label: "Токен", token_go: "Показать табло", token_wrong: "Это не тот токен.",
  attention: "Требует внимания", missed: "{kpi} {value}, цель {limit}", all_met: "Выполнены все цели, которые можно оценить: {n}", no_targets: "Цели для этой кампании не заданы", none_judged: "Целей: {n}, оценить пока нельзя ни одну",
  headlines: "Главное", owner: "Ответственный", nobody: "без ответственного", runs: "{start} – {end}", since: "с {start}", not_begun: "начало {start}", ended: "закончилась {end}", inactive: "событий за час не было",
  more: "Все показатели ({n})", funnel: "Воронка", channels: "Каналы", changes: "Что меняла команда", sentiment: "Тональность", channel: "Канал", engaged: "Вовлеч.", more_than_all: "Вовлечений больше, чем показов: этот канал не сообщает о показах и доставках",
  no_changes: "Об изменениях пока не сообщали (топик tactic).", no_channels: "Пока ничего не посчитано.",
  alerts: "Оповещения", no_alerts: "Активных оповещений нет.", more_alerts: "и ещё {n}", runbook: "Что делать", pipeline: "обработка", critical: "Критично", warning: "Предупреждение",
  alerts_down: "Alertmanager не отвечает: неизвестно, есть ли оповещения.", alerts_old: "Alertmanager не отвечает. Это оповещения на {time}.",
  before_after: "за час до → после", positive: "позитив", neutral: "нейтрально", negative: "негатив", unscored: "Оценённых упоминаний за период нет.", per_minute: "{n} в минуту",
  min: "не ниже {limit}", max: "не выше {limit}", met: "выполнена", not_met: "не выполнена", unjudged: "не оценивается", industry: "ориентир отрасли",
  cases: "Случаев", few: "слишком мало случаев для оценки", formula: "Формула", meaning: "Смысл", not_loaded: "сейчас не загрузить", target: "Цель", no_value: "нет значения",
  spark: "{kpi} по минутам за последний час, максимум {top}", spark_short: "{kpi} по десять секунд за последние пять минут, максимум {top}", months: "{n} мес.", seconds: "{n} с",
  w: { "1m": "1 мин", "5m": "5 мин", "1h": "1 ч", "24h": "24 ч", today: "Сегодня", "7d": "7 дн", "30d": "30 дн", month: "Месяц", launch: "Запуск" },
  wl: { "1m": "последняя минута", "5m": "последние 5 минут", "1h": "последний час", "24h": "последние 24 часа", today: "сегодня", "7d": "последние 7 дней", "30d": "последние 30 дней", month: "этот месяц", launch: "с начала запуска" },
  help_title: "Клавиши", keys: [["1 … 9", "период"], ["c", "выбор кампании"], ["n, p", "следующая, предыдущая кампания"], ["f", "во весь экран"], ["d", "тёмная или светлая"], ["l", "язык"], ["s", "скопировать ссылку"], ["x", "скачать CSV"], ["?", "эта справка"]],
  help_text: "Нажмите на любой показатель, чтобы увидеть его смысл, цель и ответственного. Показатель, который не имеет смысла в выбранном периоде, стоит в ближайшем более длинном или в самом длинном из возможных; он подписан рядом.",
};

const stored = localStorage.getItem("language");
export let language = stored || (navigator.language.startsWith("ru") ? "ru" : "en");

export function setLanguage(name) {
  language = name;
  localStorage.setItem("language", name);
}

export function word(name, values = {}) {
  const text = (language === "ru" ? RU : EN)[name];
  return typeof text === "string" ? text.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "") : text;
}

const plain = (name) => (name === "sms" ? "SMS" : name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase()));
export const titleOf = (kpi) => kpi.title;
export const groupOf = (title) => (language === "ru" && GROUPS[title]) || title;
export const channelOf = (name) => (language === "ru" && CHANNELS[name]) || plain(name);

// An alert's summary is Prometheus's; where it fits none of the board's sentences it stays English, and says so.
export function summaryOf(one, definitions) {
  const said = language === "ru" && inRussian(one, definitions.get(one.kpi)?.title, channelOf);
  return said ? { text: said } : { text: one.summary || one.name, lang: language === "en" ? null : "en" };
}

export function whyOf(text) {
  if (language !== "ru") return text;
  for (const [pattern, said] of WHYS) {
    const found = pattern.exec(text);
    if (found) return said.replace(/\$(\d)/g, (_, at) => found[at]);
  }
  return text;
}
