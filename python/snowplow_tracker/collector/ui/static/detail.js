// The panel with everything about one event.
import * as api from "./api.js";
import { $, clock, copy, el, inline, isObject, schemaName } from "./dom.js";
import { explain } from "./explain.js";
import { tag } from "./list.js";
import { tree } from "./tree.js";

export const TABS = ["overview", "json", "raw", "request", "errors"];
const TITLES = { overview: "Overview", json: "JSON", raw: "Raw", request: "Request", errors: "Errors" };
const GROUPS = {
  When: /_tstamp$/,
  What: /^(event|se_|tr_|ti_|pp_|txn)/,
  Who: /^(user|domain_|network_|br_|os_|dvce_)/,
  Where: /^(app_|platform|name_|v_tracker|page_|refr_|mkt_|doc_|geo_|ip_)/,
};
const SECRET = /^(cookie|authorization|proxy-authorization|x-api-key|apikey)$/i;

export class Detail {
  /** @param {object} hooks  `close()`, `tab(name)`, `step(distance)` */
  constructor(hooks) {
    Object.assign(this, { hooks, box: $("detail"), number: null, event: null });
  }

  async show(number, tab) {
    this.box.hidden = false;
    if (this.number !== number) {
      Object.assign(this, { number, event: null });
      const event = await api.row(number).catch((error) => error);
      if (this.number !== number) return;
      if (event instanceof Error) { this.gone(event); return; }
      this.event = event;
      this.draw();
    }
    if (!this.event) return;
    this.tab = tab || (this.event.good ? "overview" : "errors");
    this.drawPanel();
  }

  hide() {
    Object.assign(this, { number: null, event: null });
    this.box.hidden = true;
  }

  gone({ status, message }) {
    const text = status === 404 ? "This event was deleted, or dropped to make room." : message;
    this.box.replaceChildren(el("header", {}, el("div", { class: "title" }, el("p", {}, text), el("span", { class: "end" }, this.closer()))));
  }

  closer() {
    return el("button", { class: "icon plain", "aria-label": "Close", title: "Close (Esc)", click: this.hooks.close }, "✕");
  }

  draw() {
    const { event } = this;
    const [name, version] = event.described ? schemaName(event.described.schema) : [event.type || "Unreadable request", ""];
    const [time, rest] = clock(event.t);
    const tabs = TABS.map((tab) => el("button", { role: "tab", id: `tab-${tab}`, "aria-controls": "panel", click: () => this.hooks.tab(tab), keydown: (key) => this.turn(key) }, TITLES[tab], tab === "errors" && !event.good ? el("i", {}, String(event.failures.reduce((sum, { errors }) => sum + errors.length, 0) || event.errors.length)) : null));
    const step = (distance, sign, label) => el("button", { class: "icon plain", "aria-label": label, title: label, click: () => this.hooks.step(distance) }, sign);
    this.panel = el("div", { class: "panel", id: "panel", role: "tabpanel", tabindex: "0" });
    this.box.replaceChildren(el("header", {},
      el("div", { class: "title" },
        el("span", { class: event.good ? "status" : "status bad" }, event.good ? "✓ good" : "✕ bad"), el("h2", {}, name),
        version && el("span", { class: "dim" }, version), event.parameters?.aid ? tag(inline(event.parameters.aid)) : null,
        el("span", { class: "end" },
          el("button", { id: "copy", popovertarget: "copy-menu" }, "Copy as"),
          step(-1, "↑", "Newer event (k)"), step(1, "↓", "Older event (j)"), this.closer())),
      el("p", { class: "dim mono" }, `${time}${rest}  ${event.schema || ""}`),
      el("div", { class: "tabs", role: "tablist", "aria-label": "Views of the event" }, ...tabs)),
    this.panel);
  }

  async copy(kind) {
    if (this.event) await copy(await api.snippet(this.event.n, kind));
  }

  turn(key) {
    const distance = { ArrowRight: 1, ArrowLeft: -1 }[key.key];
    if (!distance) return;
    key.preventDefault();
    key.stopPropagation();
    this.hooks.tab(TABS[(TABS.indexOf(this.tab) + distance + TABS.length) % TABS.length]);
    $(`tab-${this.tab}`).focus();
  }

  drawPanel() {
    for (const tab of TABS) {
      const button = $(`tab-${tab}`);
      button.setAttribute("aria-selected", tab === this.tab);
      button.tabIndex = tab === this.tab ? 0 : -1;
    }
    this.panel.setAttribute("aria-labelledby", `tab-${this.tab}`);
    this.panel.replaceChildren(...PANELS[this.tab](this.event));
    this.panel.scrollTop = 0;
  }
}

const PANELS = {
  overview,
  json: ({ event }) => [tree(Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null)))],
  raw,
  request,
  errors: (event) => (event.good ? [el("p", { class: "dim" }, "This event has no errors.")] : explain(event)),
};

function fields(pairs) {
  return el("dl", { class: "fields" }, ...pairs.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, link(value))]));
}

/** Text, or a link if it is an address of the web. Events are hostile: it opens with Ctrl only. */
function link(value) {
  const text = inline(value);
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return text;
  return el("a", { href: text, target: "_blank", rel: "noopener noreferrer", title: "Ctrl or ⌘ opens it", click: (press) => { if (!press.ctrlKey && !press.metaKey) press.preventDefault(); } }, text);
}

function card(title, small, content, isBad = false) {
  return el("section", { class: isBad ? "card bad" : "card" }, el("header", {}, el("b", {}, title), small && el("small", {}, small)), content);
}

const flat = (data) => isObject(data) && !Array.isArray(data) && Object.values(data).every((value) => !isObject(value) || !Object.keys(value).length);

function data({ schema, data: value }, event) {
  const content = flat(value) ? fields(Object.entries(value)) : el("div", {}, tree(value));
  const isBad = event.failures.some((failure) => failure.schema === schema);
  return card(schemaName(schema)[0], schema, content, isBad);
}

function overview(event) {
  const columns = Object.entries(event.event).filter(([name, value]) => value !== null && !isObject(value) && !/^(contexts|unstruct_event)/.test(name));
  const grouped = { What: [], Who: [], Where: [], When: [], Other: [] };
  for (const column of columns) {
    const [group] = Object.entries(GROUPS).find(([, pattern]) => pattern.test(column[0])) || ["Other"];
    grouped[group].push(column);
  }
  const cards = Object.entries(grouped).filter(([, pairs]) => pairs.length).map(([group, pairs]) => card(group, null, fields(pairs)));
  const described = [event.described, ...event.entities].filter(Boolean).map((each) => data(each, event));
  return [...described, ...cards];
}

function raw(event) {
  if (!event.parameters) return [el("p", {}, "No event could be read from this request. See what was sent on the tab Request.")];
  const decoded = Object.entries(event.decoded).map(([name, value]) => card(name, name.endsWith("x") ? "decoded" : "parsed", el("div", {}, tree(value, { depth: -2 }))));
  return [card("Fields as sent", null, fields(Object.entries(event.parameters))), ...decoded];
}

function request(event) {
  const { method, path, body, bodySize, ipAddress, userId } = event.request;
  const list = fields(event.headers.map(([name, value]) => [name, SECRET.test(name) ? masked(value) : value]));
  const reveal = el("button", { click: () => { list.replaceWith(fields(event.headers)); reveal.remove(); } }, "Reveal secrets");
  const isCut = body !== null && new TextEncoder().encode(body).length < bodySize;
  return [
    card(method, path, fields([["address", ipAddress], ["network user id", userId]])),
    card("Headers", null, list),
    event.headers.some(([name]) => SECRET.test(name)) ? reveal : null,
    body ? card("Body", isCut ? `the beginning of ${bodySize} bytes` : `${bodySize} bytes`, el("div", {}, el("pre", { class: "code" }, body))) : null,
  ].filter(Boolean);
}

const masked = (value) => `••••••${value.length > 12 ? value.slice(-4) : ""}`;
