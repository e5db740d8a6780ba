// The page: connects list, details and chart with the address, the keyboard and the live stream.
import * as api from "./api.js";
import * as chart from "./chart.js";
import { Detail, TABS } from "./detail.js";
import { $, count, el, plural } from "./dom.js";
import { List } from "./list.js";

const main = document.querySelector("main");
const stored = (name, fallback) => { try { return JSON.parse(localStorage[name]) ?? fallback; } catch { return fallback; } };
const store = (name, value) => { localStorage[name] = JSON.stringify(value); };

// The address is the state: a reload and a link show the same.
const state = { q: "", event: null, tab: null, columns: [] };

function readAddress() {
  const given = new URLSearchParams(location.search);
  state.q = given.get("q") || "";
  state.event = Number(given.get("event")) || null;
  state.tab = TABS.includes(given.get("tab")) ? given.get("tab") : null;
  state.columns = given.has("columns") ? given.get("columns").split(",").filter(Boolean) : stored("columns", []);
}

function go(changes, replaces) {
  Object.assign(state, changes);
  const text = api.query({ q: state.q, event: state.event, tab: state.event && state.tab, columns: state.columns.join(",") }).toString();
  history[replaces ? "replaceState" : "pushState"](null, "", text ? `?${text}` : location.pathname);
}

const list = new List({ open, found, failed, arrived });
const detail = new Detail({ close, step: (distance) => open(list.move(distance)), tab });
const announce = (text) => { $("announce").textContent = text; };
let paused = false;
let announced = 0;
let waiting = [0, 0];

function open(number) {
  if (!number) return;
  go({ event: number }, state.event !== null);
  list.select(number);
  showDetail();
}

function showDetail() {
  main.classList.toggle("open", state.event !== null);
  $("split").hidden = state.event === null;
  if (state.event === null) detail.hide();
  else detail.show(state.event, state.tab);
}

function close() {
  if (state.event === null) return;
  go({ event: null, tab: null });
  showDetail();
  $("table").focus();
}

function tab(name) {
  if (state.event === null) return;
  go({ tab: name }, true);
  showDetail();
}

function found({ counts, dropped, times }) {
  list.total = counts.total;
  for (const [name, number] of Object.entries(counts)) $(name).textContent = count(number);
  $("bad").classList.toggle("some", counts.bad > 0);
  document.title = counts.bad ? `(${count(counts.bad)} bad) Snowplow collector` : "Snowplow collector";
  $("note").textContent = dropped ? `the oldest ${plural(dropped, "event")} were dropped` : "";
  drawEmpty(counts.total);
  drawChart(times);
}

function failed(error) {
  const isWrong = error.status === 400;
  $("search-error").textContent = isWrong ? `${error.message}. All events are shown.` : `The collector does not respond: ${error.message}`;
  $("search-error").hidden = !(isWrong || !list.rows.length);
  $("q").setAttribute("aria-invalid", isWrong);
  if (isWrong) list.load("", state.columns);
}

function arrived(rows, total) {
  waiting[0] += total;
  waiting[1] += rows.filter((row) => !row.good).length;
  const now = Date.now();
  if (now - announced < 5000) return;
  announced = now;
  announce(`${plural(waiting[0], "new event")}, ${waiting[1]} bad`);
  waiting = [0, 0];
}

function drawEmpty(total) {
  $("empty").hidden = list.rows.length > 0;
  if (list.rows.length) return;
  $("empty").replaceChildren(...(total
    ? [el("h2", {}, "No event matches"), el("p", {}, `${plural(total, "event")} were searched.`)]
    : [el("h2", {}, "Waiting for events"), el("p", {}, "Send them to this collector, and they appear here."), el("pre", { class: "code" }, `Emitter("${location.origin}")`)]));
}

let chartTimer = 0;
let chartTimes = null;
function drawChart(times) {
  chartTimes = times;
  chartTimer ||= setTimeout(async () => {
    await chart.draw($("chart"), chartTimes, (start, end) => search(`since:${start} until:${end}`)).catch(() => {});
    chartTimer = 0;
  }, $("chart").firstChild ? 1000 : 0);
}

function load() {
  $("q").value = state.q;
  $("q").setAttribute("aria-invalid", "false");
  $("search-error").hidden = true;
  const status = /(?:^|\s)is:(good|bad)(?:\s|$)/.exec(state.q)?.[1] || "";
  for (const button of $("status").children) button.setAttribute("aria-pressed", button.dataset.status === status);
  list.selected = state.event;
  drawColumns();
  return list.load(state.q, state.columns);
}

function search(q, replaces) {
  go({ q: q.trim() }, replaces);
  return load();
}

function filterStatus(status) {
  const rest = state.q.replace(/(^|\s)-?is:\S*/g, "");
  search(status ? `${rest} is:${status}` : rest);
}

function pause() {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", paused);
  $("pause").textContent = paused ? "Resume" : "Pause";
  showLive(streamState);
  if (!paused) list.refresh();
}

let streamState = "wait";
function showLive(now) {
  streamState = now;
  $("live").dataset.state = paused ? "paused" : now;
  $("live-text").textContent = paused ? "Paused" : { live: "Live", poll: "Every 3 s", off: "Reconnecting", wait: "Connecting" }[now];
}

function setColumns(columns) {
  store("columns", columns);
  go({ columns }, true);
  load();
}

function drawColumns() {
  $("column-list").replaceChildren(...state.columns.map((path) => el("li", {}, el("code", {}, path),
    el("button", { class: "plain", "aria-label": `Remove ${path}`, click: () => setColumns(state.columns.filter((other) => other !== path)) }, "Remove"))));
}

function menuAt(menu, button) {
  menu.addEventListener("toggle", () => {
    const { bottom, right } = button().getBoundingClientRect();
    menu.style.top = `${bottom + 4}px`;
    menu.style.left = `${Math.max(8, right - menu.offsetWidth)}px`;
  });
}

async function clear() {
  await api.reset();
  close();
  load();
}

function cycleTheme() {
  store("theme", { auto: "light", light: "dark" }[stored("theme", "auto")] || "auto");
  setTheme();
}

function setTheme() {
  const theme = stored("theme", "auto");
  document.documentElement.dataset.theme = theme;
  $("theme").title = $("theme").ariaLabel = `Theme: ${theme}`;
}

const KEYS = {
  j: ["Older event", () => move(1)],
  k: ["Newer event", () => move(-1)],
  Enter: ["Open the event", () => open(list.selected)],
  Escape: ["Close the event", close],
  "/": ["Search", () => $("q").select()],
  f: ["Only bad, or all", () => filterStatus(/(^|\s)is:bad/.test(state.q) ? "" : "bad")],
  p: ["Pause or resume", pause],
  c: ["Copy the event as JSON", () => detail.copy("json")],
  x: ["Delete all events", () => $("clear-dialog").showModal()],
  "1 – 5": ["Overview, JSON, Raw, Request, Errors", () => {}],
  "?": ["This list", () => $("help-dialog").showModal()],
};
const SEARCHES = {
  checkout: "text anywhere", '"two words" -test': "a phrase; without a word", "app_id:shop": "a column, or as sent",
  "page_url:*cart*": "any text for *", "ue.price:>10": "of the event", "contexts.product.sku:a1": "of an entity",
  "is:bad": "by status", "schema:link_click": "part of a schema's name", "error:targetUrl": "part of an error", "since:5m until:1m": "by arrival",
};

function move(distance) {
  const number = list.move(distance);
  if (state.event !== null) open(number);
}

function onKey(press) {
  if (press.ctrlKey || press.metaKey || press.altKey || document.querySelector("dialog[open]")) return;
  const { target } = press;
  if (target.matches("input")) {
    if (press.key === "Escape") target.blur();
    return;
  }
  if (target.matches("#split") || (press.key === "Enter" && target.matches("button, a"))) return;
  if (document.querySelector("[popover]:popover-open") && press.key === "Escape") return;
  if (press.key >= "1" && press.key <= "5") { tab(TABS[press.key - 1]); return; }
  const key = target.closest("#detail") ? press.key : { ArrowDown: "j", ArrowUp: "k" }[press.key] ?? press.key;
  if (!KEYS[key]) return;
  press.preventDefault();
  KEYS[key][1]();
}

function fillHelp() {
  const pairs = (entries, tag) => el("dl", {}, ...entries.flatMap(([key, text]) => [el("dt", {}, el(tag, {}, key)), el("dd", {}, text)]));
  $("help-dialog").append(el("form", { method: "dialog" }, el("div", { class: "two" },
    el("div", {}, el("h2", { id: "help-title" }, "Keyboard"), pairs(Object.entries(KEYS).map(([key, [text]]) => [key, text]), "kbd")),
    el("div", {}, el("h2", {}, "Search"), pairs(Object.entries(SEARCHES), "code"))),
  el("p", { class: "buttons" }, el("button", {}, "Close"))));
}

function resizable(split) {
  const set = (percent) => {
    const width = Math.round(Math.max(20, Math.min(80, percent)));
    main.style.setProperty("--detail", `${width}%`);
    split.setAttribute("aria-valuenow", width);
    store("width", width);
  };
  set(stored("width", 46));
  split.addEventListener("pointerdown", (press) => split.setPointerCapture(press.pointerId));
  split.addEventListener("pointermove", (press) => { if (split.hasPointerCapture(press.pointerId)) set(100 - (100 * press.clientX) / innerWidth); });
  split.addEventListener("keydown", ({ key }) => {
    const change = { ArrowLeft: 4, ArrowRight: -4 }[key];
    if (change) set(Number(split.getAttribute("aria-valuenow")) + change);
  });
}

function connect() {
  let typing = 0;
  $("q").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => search($("q").value, true), 200);
  });
  $("search").addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(typing); search($("q").value); });
  $("status").addEventListener("click", ({ target }) => { const button = target.closest("button"); if (button) filterStatus(button.dataset.status); });
  $("pause").addEventListener("click", pause);
  $("theme").addEventListener("click", cycleTheme);
  $("help").addEventListener("click", KEYS["?"][1]);
  $("clear").addEventListener("click", KEYS.x[1]);
  $("clear-dialog").addEventListener("close", ({ target }) => { if (target.returnValue === "clear") clear(); target.returnValue = ""; });
  $("export-menu").addEventListener("click", ({ target }) => {
    const query = api.query({ format: target.dataset.format, q: state.q, field: state.columns });
    el("a", { href: `ui/export?${query}`, download: "" }).click();
    $("export-menu").hidePopover();
  });
  $("copy-menu").addEventListener("click", ({ target }) => { $("copy-menu").hidePopover(); detail.copy(target.dataset.kind); });
  $("column-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const path = $("column").value.trim();
    if (path && !path.includes(",") && !state.columns.includes(path)) setColumns([...state.columns, path]);
    $("column").value = "";
  });
  $("columns-menu").addEventListener("toggle", async () => {
    const names = await api.columns().catch(() => []);
    $("known").replaceChildren(...names.map((value) => el("option", { value })));
  });
  for (const name of ["copy", "export", "columns"]) menuAt($(`${name}-menu`), () => $(name));
  document.addEventListener("keydown", onKey);
  addEventListener("popstate", () => { readAddress(); load(); showDetail(); });
  resizable($("split"));
}

setTheme();
readAddress();
fillHelp();
connect();
await load();
showDetail();
let refreshing = 0;
api.subscribe(() => {
  // One message of the stream has several parts.
  refreshing ||= setTimeout(() => { refreshing = 0; if (!paused) list.refresh(); }, 10);
}, showLive);
