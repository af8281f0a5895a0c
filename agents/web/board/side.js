// Beside the ten groups: the funnel, sentiment, channels with their owners, and what the team changed.
import { $, el, mark, say } from "/board/dom.js";
import { ago, clock } from "/board/format.js";
import { channelOf, language, summaryOf, titleOf, word } from "/board/words.js";
import { person } from "/board/view.js";

const STAGES = [
  ["reach", null], ["clicks", "reach_to_click_rate"], ["visits", "click_to_visit_rate"], ["leads", "visit_to_lead_rate"],
  ["qualified_leads", "lead_to_qualified_rate"], ["opportunities", "qualified_to_opportunity_rate"], ["orders", "opportunity_to_sale_rate"],
];
const COLUMNS = ["net_revenue", "orders", "visits", "engagement_rate"];

function alertItem(one, definitions) {
  const said = summaryOf(one, definitions);
  const about = one.pipeline ? word("pipeline") : one.channel ? channelOf(one.channel) : null;
  const who = person(one.owner) || (one.pipeline ? null : word("nobody"));
  const web = /^(https?:|\/runbooks\/\w+$)/.test(one.runbook);
  const runbook = web ? el("a", { href: one.runbook, target: "_blank", rel: "noopener noreferrer" }, word("runbook")) : one.runbook && `${word("runbook")}: ${one.runbook}`;
  const severity = ["critical", "warning"].includes(one.severity) ? word(one.severity) : one.severity;
  const line = [severity, since(one.since_ms), about, who, runbook].filter(Boolean);
  return el(
    "li", { class: one.severity === "critical" ? "critical" : "warning" },
    el("p", { class: "what", lang: said.lang }, said.text),
    el("p", { class: "when" }, ...line.flatMap((part, at) => (at ? [" · ", part] : [part]))),
  );
}

const since = (ms) => el("time", { datetime: new Date(ms).toISOString(), title: clock(ms) }, ago(ms));

const card = (name, ...children) => el("section", { class: `card ${name}`, "aria-label": word(name) }, el("h2", {}, word(name)), ...children);

// What stands side by side is of one window. It is written beside the heading where it is not the chosen one.
function headed(node) {
  const window = el("small", { class: "window" });
  node.firstElementChild.append(window);
  return (shown, picture) => {
    say(window, shown === picture.window ? "" : word("w")[shown]);
    mark(node, "data-window", shown);
  };
}

export class Funnel {
  constructor(view) {
    this.view = view;
    this.rows = STAGES.map(([name, rate]) => {
      const bar = el("i");
      const rateText = el("small");
      const button = el("button", { type: "button", class: "stage", onclick: () => view.explain(rate || name) });
      const number = el("b", { "data-kpi": name });
      button.append(el("span", {}, titleOf(view.definitions.get(name))), el("span", { class: "meter", "aria-hidden": "true" }, bar), number, rateText);
      return { name, rate, bar, rateText, number, node: el("li", {}, button) };
    });
    this.node = card("funnel", el("ol", {}, ...this.rows.map((row) => row.node)));
    this.head = headed(this.node);
  }

  show(picture) {
    const { window, kpis } = picture.funnel || picture;
    this.head(window, picture);
    const counts = this.rows.map(({ name }) => (kpis[name] || [])[1] ?? null);
    const top = Math.max(1, ...counts.map((count) => count || 0));
    this.rows.forEach((row, at) => {
      say(row.number, this.view.text(row.name, counts[at], picture));
      mark(row.number, "data-value", counts[at] ?? "");
      row.bar.style.width = `${((counts[at] || 0) / top) * 100}%`;
      const rate = row.rate && (kpis[row.rate] || [])[1];
      // The stages are not within each other: what is more than all is no share of it.
      say(row.rateText, rate == null || rate > 1 ? "" : `→ ${this.view.text(row.rate, rate, picture)}`);
    });
  }
}

export class Sentiment {
  constructor(view) {
    this.view = view;
    this.score = view.button(view.definitions.get("net_sentiment"), "figure");
    this.parts = ["positive", "neutral", "negative"].map((name) => ({ name, bar: el("i", { class: name }), text: el("li", { class: name }) }));
    this.bar = el("div", { class: "stack", "aria-hidden": "true" }, ...this.parts.map((part) => part.bar));
    this.list = el("ul", {}, ...this.parts.map((part) => part.text));
    this.none = el("p", { class: "note" });
    this.node = card("sentiment", this.score, this.bar, this.list, this.none, view.spark("mentions"));
  }

  show(picture) {
    const of = (name) => (picture.kpis[name] || [])[1];
    const scored = of("scored_mentions") || 0;
    const positive = Math.round((of("positive_share") || 0) * scored);
    const negative = Math.round(positive - ((of("net_sentiment") || 0) / 100) * scored);
    const counts = [positive, scored - positive - negative, negative];
    this.bar.hidden = this.list.hidden = !scored;
    this.parts.forEach((part, at) => {
      part.bar.style.width = `${scored ? (counts[at] / scored) * 100 : 0}%`;
      say(part.text, `${this.view.text("mentions", counts[at], picture)} ${word(part.name)}`);
    });
    say(this.none, scored ? "" : word("unscored"));
  }
}

export class Channels {
  constructor(view) {
    this.view = view;
    this.rows = new Map();
    this.body = el("tbody");
    this.none = el("p", { class: "note" });
    const heads = COLUMNS.map((name) => el("th", { scope: "col" }, name === "engagement_rate" ? word("engaged") : titleOf(view.definitions.get(name))));
    this.table = el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, word("channel")), ...heads)), this.body);
    this.node = card("channels", el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": word("channels") }, this.table), this.none);
    this.head = headed(this.node);
  }

  show(picture) {
    this.head(picture.table_window, picture);
    const worth = ({ kpis }) => [Object.values((kpis.net_revenue || [])[1] || {})[0] || 0, (kpis.visits || [])[1] || 0];
    const sorted = [...picture.channels].sort((a, b) => worth(b)[0] - worth(a)[0] || worth(b)[1] - worth(a)[1]);
    this.table.hidden = !sorted.length;
    say(this.none, sorted.length ? "" : word("no_channels"));
    const order = sorted.map(({ channel }) => channel).join();
    for (const one of sorted) this.row(one, picture);
    if (this.order !== order) {
      this.order = order;
      this.body.replaceChildren(...sorted.map(({ channel }) => this.rows.get(channel).node));
    }
  }

  row({ channel, owner, kpis }, picture) {
    let row = this.rows.get(channel);
    if (!row) {
      const cells = COLUMNS.map((name) => el("td", { "data-kpi": name }));
      const who = el("small");
      row = { cells, who, node: el("tr", { "data-channel": channel }, el("th", { scope: "row" }, channelOf(channel), who), ...cells) };
      this.rows.set(channel, row);
    }
    const key = JSON.stringify(owner);
    if (row.key !== key) {
      row.key = key;
      row.who.replaceChildren(person(owner) || word("nobody"));
    }
    COLUMNS.forEach((name, at) => {
      const [, found, , judged] = kpis[name] || [];
      // Where the exposures are not told, there are more engagements than those: no share of them.
      const senseless = name === "engagement_rate" && found > 1;
      say(row.cells[at], senseless ? "–" : this.view.text(name, found, picture, true));
      mark(row.cells[at], "title", senseless ? word("more_than_all") : null);
      mark(row.cells[at], "data-value", found == null ? "" : typeof found === "object" ? JSON.stringify(found) : found);
      row.cells[at].classList.toggle("few", found != null && !judged);
    });
  }
}

// Above the figures, the worst first: what fires is not searched for.
const SEEN = 4;

export function showAlerts(told, definitions) {
  const key = JSON.stringify([told, language]) + Math.floor(Date.now() / 30000);
  const node = $("alerts");
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  const alerts = (told && told.alerts) || [];
  node.hidden = !told || !(told.alerts || told.down);
  if (node.hidden) return;
  let note = told.more ? word("more_alerts", { n: told.more }) : alerts.length ? "" : word("no_alerts");
  if (told.down) note = word(told.as_of_ms ? "alerts_old" : "alerts_down", { time: clock(told.as_of_ms) });
  const list = (some) => el("ul", { class: told.down ? "old" : null }, ...some.map((one) => alertItem(one, definitions)));
  const rest = alerts.slice(SEEN);
  const open = node.querySelector("details[open]") != null;
  node.replaceChildren(
    el("h2", {}, alerts.length ? `${word("alerts")}: ${alerts.length + told.more}` : word("alerts")),
    list(alerts.slice(0, SEEN)),
    ...(rest.length ? [el("details", { open }, el("summary", {}, word("more_alerts", { n: rest.length })), list(rest))] : []),
    ...(note ? [el("p", { class: told.down ? "down" : "note" }, note)] : []),
  );
}

export class Changes {
  constructor(view) {
    this.view = view;
    this.list = el("ol", {});
    this.node = card("changes", this.list);
    this.list.append(el("li", { class: "note" }, word("no_changes")));
  }

  showHistory(history, picture) {
    const key = JSON.stringify(history.changes) + Math.floor(Date.now() / 30000);
    if (!picture || this.key === key) return;
    this.key = key;
    const items = history.changes.map((one) => this.item(one, picture));
    this.list.replaceChildren(...(items.length ? items : [el("li", { class: "note" }, word("no_changes"))]));
  }

  item(one, picture) {
    const about = [channelOf(one.channel), one.owner].filter(Boolean).join(" · ");
    const kpis = one.kpis.slice(0, 3).map(([name, before, after]) => {
      const [from, to] = [before, after].map((found) => this.view.text(name, found, picture));
      return el("span", {}, `${titleOf(this.view.definitions.get(name))} `, el("b", {}, `${from} → ${to}`));
    });
    return el(
      "li", {},
      el("p", { class: "when" }, since(one.at_ms), ` · ${about}`),
      el("p", { class: "what" }, one.title),
      one.detail ? el("p", { class: "note" }, one.detail) : null,
      kpis.length ? el("p", { class: "around", title: word("before_after") }, ...kpis) : null,
    );
  }
}
