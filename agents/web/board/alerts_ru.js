// What alerts say, in Russian: each summary's pattern and its sentence. $1 is a number or a name as it stands there, @1 a
// channel, ~1 a duration, =kpi and =window are the alert's own. What fits no pattern is shown as it came.
const MOST = "(?:, most of (?:it|the gap) in (\\w+))?\\.$";
const PLACE = "^(.+), (\\w+): ";

const SAID = {
  CampaignEngagementDrop: [PLACE + "engagement is at (\\S+) of what was expected: (\\S+) of (\\S+) in two minutes, at (\\S+) exposures", "$1, @2: вовлечений — $3 от ожидаемого: $4 из $5 за две минуты, контактов $6"],
  CampaignEngagementBelowTarget: [PLACE + "engagement .+ is at (\\S+) of its target: (\\S+) of (\\S+) engagements, at (\\S+) exposures", "$1, @2: вовлечённость =window — $3 от цели: $4 из $5 вовлечений, контактов $6"],
  CampaignSentimentTurns: [PLACE + "net sentiment moved by (\\S+) points from a usual (\\S+), among (\\S+) scored mentions in five minutes", "$1, @2: баланс тональности изменился на $3 п. против обычных $4; упоминаний с оценкой за пять минут: $5"],
  CampaignReachStalls: [PLACE + "reach in five minutes is at (\\S+) of the last hour's median of (\\S+) people", "$1, @2: охват за пять минут — $3 от медианы последнего часа ($4 чел.)"],
  CampaignConversionBreaks: [PLACE + "orders are at (\\S+) of what was expected: (\\S+) of (\\S+) in fifteen minutes, at (\\S+) clicks and visits", "$1, @2: заказов — $3 от ожидаемого: $4 из $5 за пятнадцать минут, кликов и визитов $6"],
  CampaignSpendAhead: ["^(.+?): spending is at (\\S+) times its plan; (\\S+) of the budget is used", "$1: расходы в $2 раза больше плана; израсходовано $3 бюджета"],
  CampaignBouncesJump: [PLACE + "(\\S+) bounces in the last hour are (\\S+) of (\\S+) messages; usual is at most (\\S+)", "$1, @2: за час возвратов $3, это $4 от сообщений ($5); обычно не больше $6"],
  CampaignComplaintsJump: [PLACE + "(\\S+) complaints in the last hour are (\\S+) of (\\S+) messages; usual is at most (\\S+)", "$1, @2: за час жалоб $3, это $4 от сообщений ($5); обычно не больше $6"],
  CampaignUnsubscribesJump: [PLACE + "(\\S+) leaves in the last hour are (\\S+) of (\\S+) messages; usual is at most (\\S+)", "$1, @2: за час отписок $3, это $4 от сообщений ($5); обычно не больше $6"],
  CampaignSourceSilent: [PLACE + "no (\\w+) arrives any more(?:, where (\\S+) were due)?; (\\S+) have come since the launch", "$1, @2: события $3 больше не приходят{4, ожидалось $4}; с запуска пришло $5"],
  CampaignSourceOverdue: [PLACE + "no (\\w+) for a day and a half; (\\S+) have come since the launch", "$1, @2: событий $3 нет полтора дня; с запуска пришло $4"],
  CampaignTargetMissed: [PLACE + ".+ at ([^;]+); (?:(its own)|the industry's) target is (?:at (least)|at most) ([^(,]+?)(?: \\((\\S+) [^)]+\\))?", "$1, @2: =kpi =window — $3; {4цель каталога}{!4по отрасли} — {5не меньше}{!5не больше} $6{7, случаев: $7}"],
  PipelineLate: ["^(\\w+) is (.+) behind the end of its log", "$1 отстаёт от конца журнала на ~2"],
  PipelineNotDraining: ["^At its present pace a worker needs (.+) for its backlog", "В нынешнем темпе воркеру нужно на очередь ~1"],
  PipelineWorkerMissing: ["^(\\S+) does not answer; (\\S+) of (\\S+) workers do", "$1 не отвечает; отвечают $2 из $3 воркеров"],
  PipelineRecovering: ["^(\\S+) has been recovering for more than two minutes", "$1 восстанавливается дольше двух минут"],
  PipelineHeldBack: ["^(\\S+) holds its picture back \\(reasons: (\\S+)\\), or has not renewed it; (\\S+) of (\\S+) names them", "$1 придерживает картину (причин: $2) или не обновляет её; их называет $3 в $4"],
  PipelineLedgerUnbalanced: ["^(\\S+): (\\S+) records were read and neither counted nor refused", "$1: прочитано, но не посчитано и не отклонено записей: $2"],
  PipelineDeadLettersJump: ["^(\\w+): (\\S+) of the records of five minutes are refused", "$1: за пять минут отклонено $2 записей"],
  PipelineRedisFull: ["^Redis uses (\\S+) of its memory", "Redis занял $1 своей памяти"],
  PipelineRedisEvicts: ["^Redis has thrown (\\S+) keys away in five minutes", "Redis выбросил за пять минут ключей: $1"],
  PipelineSeriesBudget: ["^(\\S+) is near or over its series budget \\((\\S+)\\)", "$1: бюджет рядов почти или уже исчерпан ($2)"],
};

const SINCE = {
  "1m": "за последнюю минуту", "5m": "за последние пять минут", "1h": "за последний час", "24h": "за последние 24 часа", today: "сегодня",
  "7d": "за последние семь дней", "30d": "за последние тридцать дней", month: "в этом месяце", launch: "с запуска",
};
const SIZES = { k: " тыс.", M: " млн", G: " млрд" };
const UNITS = { points: "п.", months: "мес.", times: "раза", "a minute": "в минуту" };
const LENGTHS = { d: "дн.", h: "ч", m: "мин", s: "с" };

// A name has its dots and letters where a number has them, too: only what begins as a number is one.
const figure = (text) =>
  !/^-?[\d.]+/.test(text) ? text
    : lasting(text.replace(/^(-?[\d.]+)([kMG])(?= |$)/, (_, digits, size) => digits + SIZES[size]).replace(/^(-?\d+)\.(\d)/, "$1,$2").replace(/ (points|months|times|a minute)$/, (_, unit) => ` ${UNITS[unit]}`));
const lasting = (text) => (/^-?(\d+[dhms] ?)+$/.test(text) ? text.replace(/(\d)([dhms])/g, (_, digit, unit) => `${digit} ${LENGTHS[unit]}`) : text);

export function inRussian({ name, summary, window }, kpi, channelOf) {
  if (!SAID[name]) return null;
  const [pattern, said] = SAID[name];
  const found = new RegExp(pattern + MOST, "s").exec(summary);
  if (!found) return null;
  const most = found.at(-1);
  const text = said
    .replace(/\{(!?)(\d)([^}]*)\}/g, (_, not, at, inside) => (!found[at] === Boolean(not) ? inside : ""))
    .replace(/=kpi|=window|([$@~])(\d)/g, (whole, kind, at) => {
      if (whole === "=kpi") return kpi || "";
      if (whole === "=window") return SINCE[window] || "";
      return kind === "@" ? channelOf(found[at]) : kind === "~" ? lasting(found[at]) : figure(found[at]);
    });
  return `${text}${most ? `, больше всего: ${channelOf(most)}` : ""}`.replace(/\.?$/, ".");
}
