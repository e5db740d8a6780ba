// The list: rows that are loaded, of which only those in sight are in the document.
import * as api from "./api.js";
import { $, clock, count, el, hue, inline, plural } from "./dom.js";

const ROW = 32;
const MARGIN = 10;
const PAGE = 200;
const MOST_NEW = 500;
// At the top of the list, older rows than these are forgotten. Scrolling loads them again.
const MOST_KEPT = 2000;
const HEADS = { time: "Time", status: "Status", event: "Event", app: "App", entities: "Entities", summary: "Summary" };

export class List {
  /** @param {object} hooks  `open(n)`, `found(answer)`, `failed(error)`, `arrived(rows)` */
  constructor(hooks) {
    Object.assign(this, { hooks, rows: [], more: 0, exact: true, last: 0, selected: null, columns: [], unseen: 0, ids: new Map(), scroll: $("scroll") });
    this.scroll.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.scroll);
    $("rows").addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row) hooks.open(Number(row.dataset.n));
    });
    $("newer").addEventListener("click", () => { this.scroll.scrollTop = 0; });
  }

  /** Load the list anew. */
  async load(search, columns) {
    this.controller?.abort();
    Object.assign(this, { search, columns, loadingOlder: false });
    this.drawHeads();
    const answer = await this.fetch({ limit: PAGE });
    if (!answer) return;
    this.replace(answer);
    this.scroll.scrollTop = 0;
    this.draw();
  }

  /** Add what has come since, by one call at a time. */
  async refresh() {
    if (this.busy) { this.again = true; return; }
    this.busy = true;
    const answer = await this.fetch({ after: this.last, limit: MOST_NEW }, false);
    this.busy = false;
    if (answer) this.add(answer);
    if (this.again) { this.again = false; await this.refresh(); }
  }

  async fetch(parameters, replaces = true) {
    if (replaces || !this.controller) this.controller = new AbortController();
    const { signal } = this.controller;
    try {
      const answer = await api.rows({ ...parameters, q: this.search, field: this.columns }, signal);
      return signal.aborted ? null : answer;
    } catch (error) {
      if (!signal.aborted) this.hooks.failed(error);
      return null;
    }
  }

  replace({ rows, more, exact, ...answer }) {
    Object.assign(this, { rows, more, exact, last: answer.last, unseen: 0 });
    this.countIds();
    this.hooks.found(answer);
  }

  add({ rows, more, exact, ...answer }) {
    const wasReset = answer.counts.total < this.total;
    this.total = answer.counts.total;
    if (wasReset) { this.load(this.search, this.columns); return; }
    this.last = answer.last;
    if (more) {
      // Too many have come to show each of them: begin anew with the newest.
      this.more += more + this.rows.length;
      this.exact = this.exact && exact;
      this.rows = rows;
    } else {
      this.rows = rows.concat(this.rows);
    }
    const atTop = this.scroll.scrollTop < ROW;
    if (atTop && this.rows.length > MOST_KEPT) {
      this.more += this.rows.length - MOST_KEPT;
      this.rows.length = MOST_KEPT;
    }
    this.countIds();
    if (!atTop && rows.length) {
      this.unseen += rows.length + more;
      if (more) this.scroll.scrollTop = ROW * 2;
      else { this.draw(); this.scroll.scrollTop += rows.length * ROW; }
    }
    this.hooks.found(answer);
    if (rows.length) this.hooks.arrived(rows, rows.length + more);
    this.draw();
  }

  countIds() {
    this.ids.clear();
    for (const { eid } of this.rows) if (eid) this.ids.set(eid, (this.ids.get(eid) || 0) + 1);
  }

  async older() {
    if (this.loadingOlder || !this.more) return;
    this.loadingOlder = true;
    const answer = await this.fetch({ before: this.rows.at(-1).n, limit: PAGE }, false);
    this.loadingOlder = false;
    if (!answer) return;
    Object.assign(this, { rows: this.rows.concat(answer.rows), more: answer.more, exact: answer.exact });
    this.countIds();
    this.hooks.found(answer);
    this.draw();
  }

  scrolled() {
    if (this.scroll.scrollTop < ROW) this.unseen = 0;
    if (!this.frame) this.frame = requestAnimationFrame(() => { this.frame = 0; this.draw(); });
  }

  drawHeads() {
    const heads = Object.entries(HEADS).map(([name, text]) => el("th", { scope: "col", class: `c-${name}` }, text));
    $("heads").replaceChildren(...heads, ...this.columns.map((path) => el("th", { scope: "col", class: "c-extra", title: path }, path)));
  }

  draw() {
    const { scrollTop, clientHeight } = this.scroll;
    const size = this.rows.length;
    const start = Math.max(0, Math.min(size, Math.floor(scrollTop / ROW) - MARGIN));
    const end = Math.min(size, Math.ceil((scrollTop + clientHeight) / ROW) + MARGIN);
    const old = new Map([...$("rows").children].map((row) => [row.dataset.key, row]));
    const drawn = this.rows.slice(start, end).map((row, at) => {
      const key = `${row.n} ${this.columns.join(" ")} ${this.ids.get(row.eid) > 1}`;
      const element = old.get(key) || this.drawRow(row, key);
      element.setAttribute("aria-rowindex", start + at + 2);
      element.setAttribute("aria-selected", row.n === this.selected);
      return element;
    });
    $("rows").replaceChildren(...drawn);
    $("above").style.height = `${start * ROW}px`;
    $("below").style.height = `${(size - end) * ROW}px`;
    const table = $("table");
    table.setAttribute("aria-rowcount", this.exact ? size + this.more + 1 : -1);
    if (drawn.some((row) => row.id === `r${this.selected}`)) table.setAttribute("aria-activedescendant", `r${this.selected}`);
    else table.removeAttribute("aria-activedescendant");
    $("newer").hidden = !this.unseen;
    $("newer").textContent = `↑ ${count(this.unseen)} new`;
    $("found").textContent = size ? `${this.exact ? "" : "more than "}${plural(size + this.more, "event")}` : "";
    if (end + PAGE / 4 > size) this.older();
  }

  drawRow(row, key) {
    const [time, rest] = clock(row.t);
    const [name, version] = splitName(row);
    const status = row.good ? ["✓", "good"] : ["✕", plural(row.errors, "error")];
    const repeated = this.ids.get(row.eid) > 1 ? el("span", { class: "repeat", title: "More than one event has this id" }, "repeated") : null;
    const cell = (column, ...children) => el("td", { class: `c-${column}` }, ...children);
    return el("tr", { id: `r${row.n}`, class: row.good ? null : "bad", "data-n": row.n, "data-key": key },
      cell("time", el("b", {}, time), el("i", {}, rest)),
      cell("status", el("span", { class: row.good ? "status" : "status bad" }, status[0], " ", el("b", {}, status[1]))),
      el("th", { scope: "row", class: "c-event" }, el("b", {}, name), version && el("i", {}, ` ${version}`), repeated),
      cell("app", row.app === null ? null : tag(row.app)),
      cell("entities", grouped(row.entities)),
      cell("summary", ...(row.good ? summary(row) : [el("span", { class: "why" }, row.error)])),
      ...this.columns.map((path) => cell("extra", row.cells[path] === null ? "" : inline(row.cells[path]))),
    );
  }

  /** Select the row at a distance from the selected one, and return its number. */
  move(distance) {
    if (!this.rows.length) return null;
    const at = this.rows.findIndex((row) => row.n === this.selected);
    const to = at < 0 ? 0 : Math.max(0, Math.min(this.rows.length - 1, at + distance));
    this.select(this.rows[to].n);
    return this.selected;
  }

  select(number) {
    this.selected = number;
    const at = this.rows.findIndex((row) => row.n === number);
    if (at >= 0) {
      const lowest = (at + 1) * ROW + $("heads").offsetHeight - this.scroll.clientHeight;
      this.scroll.scrollTop = Math.max(Math.min(this.scroll.scrollTop, at * ROW), lowest);
    }
    this.draw();
  }
}

function splitName({ name, type }) {
  const [, text, version] = /^(.*) (\d+-\d+-\d+)$/.exec(name) || [null, name, null];
  return type === "unstruct" ? [text, version] : [name, null];
}

export const tag = (text) => {
  const element = el("span", { class: "tag" }, text);
  element.style.setProperty("--hue", hue(String(text)));
  return element;
};

/** "product ×3, user" */
function grouped(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) || 0) + 1);
  return [...counts].map(([name, times]) => (times > 1 ? `${name} ×${times}` : name)).join(", ");
}

const summary = (row) => row.summary.flatMap(([name, value], at) => [
  at ? "  " : "", name ? el("i", {}, `${name} `) : null, inline(value),
]);
