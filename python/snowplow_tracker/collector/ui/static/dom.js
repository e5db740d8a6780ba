// Elements, and JSON whose numbers stay as they were sent. Nothing here makes markup of text.

/** Create an element. Attributes that are null or false are left out; functions are listeners. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value != null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

export const $ = (id) => document.getElementById(id);

/** A number that JavaScript would write differently, such as 1.0 or one of 20 digits. */
export class Exact {
  constructor(source) { this.source = source; }
  toString() { return this.source; }
  toJSON() { return JSON.rawJSON(this.source); }
}

export const parse = (text) => JSON.parse(text, (_, value, context) =>
  typeof value === "number" && context && context.source !== String(value) ? new Exact(context.source) : value);

/** The text in URL-safe base64. */
export const decodeBase64 = (text) => new TextDecoder("utf-8", { fatal: true }).decode(
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0)));

export const isObject = (value) => value !== null && typeof value === "object" && !(value instanceof Exact);

export const pretty = (value) => JSON.stringify(value, null, 2);

/** The value as one line of text. */
export const inline = (value) => (isObject(value) ? JSON.stringify(value) : String(value));

/** Local time of day, with milliseconds apart. */
export function clock(milliseconds) {
  const time = new Date(milliseconds);
  const isToday = time.toDateString() === new Date().toDateString();
  const shown = `${time.toLocaleDateString("sv")} ${time.toLocaleTimeString("sv")}`;
  return [shown.slice(isToday ? 11 : 5), `.${String(milliseconds % 1000).padStart(3, "0")}`];
}

export const count = (number) => number.toLocaleString("en");

/** "1 event", "2 events". */
export const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** A hue that is the same for the same text. */
export function hue(text) {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)) % 360;
  return hash;
}

/** "order 1-0-0" of an Iglu URI; other text as it is. */
export function schemaName(uri) {
  const parts = String(uri).split("/");
  return parts.length === 4 ? [parts[1], parts[3]] : [String(uri), ""];
}

let hiding = 0;
/** Copy text, and say so for a moment. */
export async function copy(text) {
  await navigator.clipboard.writeText(text);
  $("toast").textContent = "Copied";
  clearTimeout(hiding);
  hiding = setTimeout(() => $("toast").replaceChildren(), 1500);
}
