// Why an event is bad: sentences, the wrong places, what the schema says there, and what was meant.
import * as api from "./api.js";
import { el, inline, isObject, pretty } from "./dom.js";
import { tree } from "./tree.js";

const SENTENCES = {
  required: ([name]) => `“${name}” is missing, but it is required.`,
  additionalProperties: ([name]) => `“${name}” is not a property of this schema.`,
  type: ([found, expected], place) => `${place} is of type ${found}, but must be ${expected}.`,
};

/** Return a card for each failure of an event. */
export function explain(event) {
  // The texts of failures by schema are the last ones, and end with the suggestion.
  const hints = event.errors.map((text) => /\(((?:did you mean|known versions).*)\)$/.exec(text)?.[1]).reverse();
  const cards = event.failures.toReversed().map((failure, index) => card(event, failure, hints[index])).reverse();
  return cards.length ? cards : event.errors.map((text) => el("article", { class: "card bad" }, el("div", {}, said(text))));
}

const said = (text) => el("p", { class: "sentence" }, text);

function card(event, failure, hint) {
  const { schema, errors, failureType } = failure;
  const body = el("div");
  const places = errors.filter(({ path }) => path && isObject(failure.data));
  for (const error of errors) {
    if (places.includes(error)) continue;
    body.append(said(sentence(error)), ...(error.lookupHistory ? lookups(failure, error.lookupHistory) : field(event, error)));
  }
  if (hint) body.append(el("b", {}, hint));
  if (places.length) body.append(compared(failure, places));
  const named = places.length || errors[0].lookupHistory;
  return el("article", { class: "card bad" }, el("header", {}, el("b", {}, failureType), el("small", {}, named ? schema : "")), body);
}

function sentence({ keyword, targets, path, message, source }) {
  const place = path === "$" ? "The data" : `“${path?.split(".").at(-1)}”`;
  if (SENTENCES[keyword] && targets?.length) return SENTENCES[keyword](targets, place);
  if (path) return message.includes(path) ? message : `${path}: ${message}`;
  return source && !["unstruct", "contexts"].includes(source) ? `${source}: ${message}` : message;
}

/** What was sent, with the wrong places marked, beside what the schema says of each. */
function compared({ data, schema: uri }, errors) {
  const value = "schema" in data && "data" in data ? data.data : data;
  const wrong = errors.map(({ keyword, path, targets }) => (keyword === "additionalProperties" ? `${path}.${targets[0]}` : path));
  const parts = errors.map((error) => el("div", {}, said(sentence(error))));
  api.schema(uri).then((schema) => errors.forEach((error, index) => {
    const part = schema && subschema(schema, error.path);
    if (part) parts[index].append(el("pre", { class: "code" }, pretty(relevant(error, part))));
  }));
  return el("div", { class: "two" }, el("div", {}, el("h3", {}, `Sent in ${errors[0].source}`), tree(value, { wrong })), el("div", {}, el("h3", {}, "The schema says"), ...parts));
}

/** The part of a schema for a path of the data. */
export function subschema(schema, path) {
  let part = schema;
  for (const [, name, index] of path.matchAll(/\.([^.[]+)|\[(\d+)\]/g)) {
    if (!isObject(part)) return null;
    if (index) part = Array.isArray(part.items) ? part.items[index] : part.items;
    else part = part.properties?.[name] ?? part.additionalProperties;
  }
  return isObject(part) ? part : null;
}

function relevant({ keyword, targets }, part) {
  const properties = part.properties || {};
  if (keyword === "required") return { required: part.required, properties: { [targets[0]]: properties[targets[0]] ?? {} } };
  if (keyword === "additionalProperties") return { properties: Object.keys(properties).join(", "), additionalProperties: false };
  return part;
}

function lookups({ schema }, history) {
  const asked = history.flatMap(({ repository, errors }) => [
    el("dt", {}, repository), el("dd", {}, errors.map((error) => (error.error === "NotFound" ? "does not have it" : `${error.error}: ${error.message}`)).join("; ")),
  ]);
  const path = `schemas/${schema.replace(/^iglu:/, "")}`;
  return [el("h3", {}, "Registries asked"), el("dl", {}, ...asked), el("p", {}, "In a folder of schemas, its file is ", el("code", {}, path), ".")];
}

function field({ parameters, decoded }, { source }) {
  const names = { unstruct: ["ue_px", "ue_pr"], contexts: ["cx", "co"] }[source] || [source];
  const name = names.find((one) => parameters && one in parameters);
  return name ? [el("h3", {}, `Sent as ${name}`), el("pre", { class: "code" }, decoded[name] ? pretty(decoded[name]) : inline(parameters[name]))] : [];
}
