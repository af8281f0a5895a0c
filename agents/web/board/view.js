// The figures: what stands where, built once for a language, then only its texts change.
import { $, el, mark, say, spark, tell } from "/board/dom.js";
import { day, value } from "/board/format.js";
import { channelOf, groupOf, titleOf, whyOf, word } from "/board/words.js";
import { Changes, Channels, Funnel, Sentiment, showAlerts } from "/board/side.js";

// Headline -> what stands small below it.
const HEROES = {
  net_revenue: "average_order_value", orders: "new_customers", reach: "impressions", engagement_rate: "engagements", net_sentiment: "mentions", mroi: "spend",
};
const SHOWN = {
  "Sales revenue": ["average_order_value", "units", "refunds"],
  Customers: ["new_customers", "buyers", "active_customers", "revenue_per_customer"],
  "Lifetime value": ["lifetime_value", "ltv_to_cac", "payback"],
  "Acquisition cost": ["customer_acquisition_cost", "spend", "cost_per_lead", "cost_per_click"],
  Churn: ["churn_rate", "cancellations", "customers_before"],
  Satisfaction: ["nps", "nps_answers", "csat", "csat_answers"],
  Reach: ["impressions", "reach", "frequency"],
  Engagement: ["engagement_by_reach_rate", "open_rate", "click_rate", "click_to_open_rate", "unsubscribe_rate"],
  Conversion: ["visit_to_sale_rate", "visit_to_lead_rate", "lead_to_qualified_rate", "reach_to_sale_rate"],
  "Return on investment": ["roas", "budget_used", "pace", "incremental_revenue"],
};

export const person = (owner) =>
  !owner ? null : owner[1] && /^[^\s@]+@[^\s@]+$/.test(owner[1]) ? el("a", { href: `mailto:${owner[1]}`, title: owner[1] }, owner[0]) : `${owner[0]}${owner[1] ? ` · ${owner[1]}` : ""}`;

export class View {
  constructor(definitions, groups, explain) {
    this.definitions = definitions;
    this.explain = explain;
    this.figures = new Map();
    this.sparks = new Map();
    $("heroes").replaceChildren(...Object.keys(HEROES).map((name) => this.hero(name)));
    $("groups").replaceChildren(...groups.map((group) => this.group(group)));
    this.side = [new Funnel(this), new Sentiment(this), new Channels(this), new Changes(this)];
    $("side").replaceChildren(...this.side.map((part) => part.node));
  }

  hero(name) {
    const kpi = this.definitions.get(name);
    const title = name === "mroi" ? "MROI" : titleOf(kpi);
    return el("div", { class: "hero" }, this.button(kpi, "figure", title, tell), this.beside(HEROES[name]), this.chips(name), this.spark(name));
  }

  beside(name) {
    const number = el("span", { "data-kpi": name });
    const window = el("small", { class: "window" });
    this.add(name, { node: number, number, window, show: say });
    return el("p", { class: "beside" }, `${titleOf(this.definitions.get(name))} `, number, window);
  }

  group(title) {
    const names = [...this.definitions.values()].filter((kpi) => kpi.group === title).map((kpi) => kpi.name);
    const [first, ...rows] = SHOWN[title];
    const others = names.filter((name) => !SHOWN[title].includes(name));
    const more = others.length
      ? el("details", {}, el("summary", {}, word("more", { n: names.length })), ...others.map((name) => this.row(name)))
      : null;
    return el(
      "section", { class: "card", "aria-label": groupOf(title), "data-group": title },
      el("h2", {}, groupOf(title)),
      el("div", { class: "first" }, this.button(this.definitions.get(first), "figure"), this.chips(first), this.spark(first)),
      ...rows.map((name) => this.row(name)),
      more,
    );
  }

  row(name) {
    return el("div", { class: "row" }, this.button(this.definitions.get(name), "line"), this.chips(name));
  }

  button(kpi, look, title = titleOf(kpi), show = say) {
    const number = el("b", { "data-kpi": kpi.name });
    const window = el("small", { class: "window" });
    const node = el("button", { class: look, type: "button", onclick: () => this.explain(kpi.name) }, el("span", {}, title, window), number);
    this.add(kpi.name, { node, number, window, show });
    return node;
  }

  chips(name) {
    const node = el("span", { class: "chips" });
    this.add(name, { chips: node });
    return node;
  }

  spark(name) {
    const node = spark(titleOf(this.definitions.get(name)));
    node.toggleAttribute("hidden", true);
    this.sparks.set(node, name);
    return node;
  }

  add(name, parts) {
    if (!this.figures.has(name)) this.figures.set(name, []);
    this.figures.get(name).push(parts);
  }

  text(name, found, picture, narrow = false) {
    const currency = Object.keys((picture.kpis.gross_revenue || [])[1] || {})[0];
    return value(this.definitions.get(name).kind, found, currency, narrow);
  }

  show(picture) {
    const targets = Map.groupBy ? Map.groupBy(picture.targets, (one) => one.kpi) : group(picture.targets);
    for (const [name, places] of this.figures) {
      const [window, found, , judged, why] = picture.kpis[name] || [picture.window, null, null, false, ""];
      const own = (targets.get(name) || []).filter((one) => one.channel === "all");
      for (const place of places) {
        if (place.chips) this.showChips(place.chips, name, own, picture);
        if (!place.number) continue;
        place.show(place.number, this.text(name, found, picture));
        mark(place.number, "data-value", found == null ? "" : typeof found === "object" ? JSON.stringify(found) : found);
        mark(place.number, "data-window", window);
        say(place.window, window === picture.window ? "" : word("w")[window]);
        mark(place.node, "title", found == null && why ? whyOf(why) : null);
        place.node.classList.toggle("few", found != null && !judged);
        place.node.classList.toggle("none", found == null);
      }
    }
    this.showTitle(picture);
    this.showAttention(picture);
    showAlerts(this.alerts, this.definitions);
    for (const part of this.side) if (part.show) part.show(picture);
  }

  showChips(node, name, targets, picture) {
    const key = targets.map((one) => `${one.window}${one.limit}${one.met}`).join();
    if (node.dataset.key === key) return;
    node.dataset.key = key;
    node.replaceChildren(
      ...targets.map((one) => {
        const met = one.met == null ? "open" : one.met ? "met" : "missed";
        const limit = `${one.bound === "min" ? "≥" : "≤"} ${this.text(name, one.limit, picture)}`;
        const sign = { open: "·", met: "✓", missed: "✗" }[met];
        const label = `${word("target")}: ${limit}, ${word("wl")[one.window]}: ${word({ open: "unjudged", met: "met", missed: "not_met" }[met])}`;
        return el("span", { class: `chip ${met}`, role: "img", "aria-label": label, title: label }, `${sign} ${limit} · ${word("w")[one.window]}`);
      }),
    );
  }

  showTitle(picture) {
    say($("name"), picture.name || picture.campaign);
    document.title = `${picture.name || picture.campaign} · Launchpulse`;
    const parts = [];
    if (picture.name) parts.push(picture.campaign);
    const now = Date.now();
    const [starts, ends] = [picture.starts_at, picture.ends_at].map((at) => at && new Date(at));
    if (starts && starts > now) parts.push(word("not_begun", { start: day(starts) }));
    else if (ends && ends < now) parts.push(word("ended", { end: day(ends) }));
    else if (starts && ends) parts.push(word("runs", { start: day(starts), end: day(ends) }));
    else if (starts) parts.push(word("since", { start: day(starts) }));
    if (!picture.active) parts.push(word("inactive"));
    const key = JSON.stringify([parts, picture.owner]);
    if ($("about").dataset.key === key) return;
    $("about").dataset.key = key;
    $("about").replaceChildren(`${word("owner")}: `, person(picture.owner) || word("nobody"), ` · ${parts.join(" · ")}`);
  }

  showAttention(picture) {
    const missed = picture.targets.filter((one) => one.met === false);
    const judged = picture.targets.filter((one) => one.met != null).length;
    const key = JSON.stringify([judged, picture.targets.length, missed.map((one) => [one.kpi, one.window, one.channel, this.text(one.kpi, one.value, picture)])]);
    if ($("attention").dataset.key === key) return;
    $("attention").dataset.key = key;
    if (!missed.length) {
      const name = !picture.targets.length ? "no_targets" : judged ? "all_met" : "none_judged";
      $("attention").replaceChildren(el("li", { class: judged ? "fine" : "open" }, word(name, { n: judged || picture.targets.length })));
      return;
    }
    $("attention").replaceChildren(
      ...missed.map((one) => {
        const limit = word(one.bound, { limit: this.text(one.kpi, one.limit, picture) });
        const title = `${titleOf(this.definitions.get(one.kpi))}${one.channel === "all" ? "" : ` · ${channelOf(one.channel)}`} (${word("w")[one.window]})`;
        const text = word("missed", { kpi: title, value: this.text(one.kpi, one.value, picture), limit });
        return el("li", { class: "missed" }, el("button", { type: "button", onclick: () => this.explain(one.kpi) }, `✗ ${text}`), el("span", { class: "who" }, person(one.owner) || word("nobody")));
      }),
    );
  }

  showHistory(history, picture) {
    for (const [node, name] of this.sparks) {
      const values = history.series[name];
      if (!values || !values.length) continue;
      const top = Math.max(...values.map((one) => one ?? -Infinity));
      const first = values.findIndex((one) => one);
      const text = word(history.step_ms < 60000 ? "spark_short" : "spark", { kpi: titleOf(this.definitions.get(name)), top: Number.isFinite(top) ? this.text(name, top, picture) : "–" });
      // A launch that is minutes old would be a corner of the line; a quarter of it is always shown.
      node.draw(values.slice(first < 0 ? 0 : Math.min(first, Math.floor(values.length * 0.75))), text);
    }
    for (const part of this.side) if (part.showHistory) part.showHistory(history, picture);
  }
}

function group(targets) {
  const found = new Map();
  for (const one of targets) found.set(one.kpi, [...(found.get(one.kpi) || []), one]);
  return found;
}
