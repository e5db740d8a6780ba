// JSON as a tree: open to depth 2, long arrays in slices, every value with its path.
import { copy, el, Exact, inline, isObject, pretty } from "./dom.js";

const SLICE = 100;
const OPEN_DEPTH = 2;

/**
 * Return a tree of a value.
 * @param {string[]} wrong  paths such as `$.a[0].b` that are marked and open
 */
export function tree(value, { name = null, path = "$", wrong = [], depth = 0 } = {}) {
  return el("ul", { class: "tree" }, node(value, name, path, wrong, depth));
}

const kind = (value) => (value === null || typeof value === "boolean" ? "word" : value instanceof Exact ? "number" : typeof value);

const leafText = (value) => (typeof value === "string" ? JSON.stringify(value) : String(value));

function node(value, name, path, wrong, depth) {
  const label = name === null ? [] : [name, el("span", { class: "dim" }, ": ")];
  const marked = wrong.includes(path) ? " wrong" : "";
  if (!isObject(value) || !Object.keys(value).length) {
    const text = isObject(value) ? el("span", { class: "dim" }, inline(value)) : el("span", { class: kind(value) }, leafText(value));
    return el("li", {}, el("div", { class: `line${marked}` }, ...label, text, tools(value, path)));
  }
  const size = Object.keys(value).length;
  const summary = Array.isArray(value) ? `[ ${size} ]` : `{ ${size} }`;
  const children = el("ul", { hidden: true });
  const toggle = el("button", { class: "toggle", "aria-expanded": "false" }, ...label, el("span", { class: "dim" }, summary));
  const open = (isOpen) => {
    toggle.setAttribute("aria-expanded", isOpen);
    children.hidden = !isOpen;
    if (isOpen && !children.childElementCount) fill(children, value, path, wrong, depth, 0);
  };
  toggle.addEventListener("click", () => open(children.hidden));
  if (depth < OPEN_DEPTH || wrong.some((other) => other.startsWith(path))) open(true);
  return el("li", {}, el("div", { class: `line${marked}` }, toggle, tools(value, path)), children);
}

function fill(list, value, path, wrong, depth, start) {
  const keys = Object.keys(value);
  const end = Math.min(start + SLICE, keys.length);
  for (const key of keys.slice(start, end)) {
    list.append(node(value[key], key, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, wrong, depth + 1));
  }
  if (end < keys.length) {
    const more = el("li", {}, el("button", { click: () => { more.remove(); fill(list, value, path, wrong, depth, end); } }, `${keys.length - end} more`));
    list.append(more);
  }
}

function tools(value, path) {
  const button = (label, text, what) => el("button", { "aria-label": `Copy ${what} of ${path}`, click: () => copy(text()) }, label);
  return el("span", {}, button("path", () => path, "the path"), button("value", () => (isObject(value) ? pretty(value) : String(value)), "the value"));
}
