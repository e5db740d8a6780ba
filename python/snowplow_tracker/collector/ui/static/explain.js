// Why an event is bad: a sentence, the wrong place, what its schema says there, and what was meant.
import * as api from "./api.js";
import { el, inline, isObject, pretty } from "./dom.js";
import { tree } from "./tree.js";

const SENTENCES = {
  required: ({ targets: [name] }) => `“${name}” is missing, but it is required.`,
  additionalProperties: ({ targets: [name] }) => `“${name}” is not a property of this schema.`,
  type: ({ targets: [found, expected] }, place) => `${place} is of type ${found}, but must be ${expected}.`,
};

/** Return a card for each error of an event. */
export function explain(event) {
  // The texts of failures by schema are the last ones, and end with the suggestion.
  const hints = event.errors.map((text) => /\(((?:did you mean|known versions).*)\)$/.exec(text)?.[1]).reverse();
  const cards = event.failures.map((failure) => failure.failureType ? failure : failure.data).reverse()
    .map((failure, index) => failure.errors.map((error) => card(event, failure, error, hints[index]))).reverse().flat();
  return cards.length ? cards : event.errors.map((text) => el("article", { class: "card bad" }, el("div", {}, el("p", { class: "sentence" }, text))));
}

function card(event, failure, error, hint) {
  const hasPlace = typeof error.path === "string" && isObject(failure.data);
  const body = el("div", {}, el("p", { class: "sentence" }, sentence(error)), hint && el("b", {}, hint));
  const box = el("article", { class: "card bad" },
    el("header", {}, el("b", {}, failure.failureType), el("small", {}, hasPlace || error.lookupHistory ? failure.schema : error.source)), body);
  if (error.lookupHistory) body.append(lookups(failure, error.lookupHistory));
  else if (hasPlace) place(failure, error, body);
  else field(event, error, body);
  return box;
}

function sentence(error) {
  const write = SENTENCES[error.keyword];
  if (write && (error.targets || []).length) return write(error, last(error.path));
  if (error.path) return error.message.includes(error.path) ? error.message : `${error.path}: ${error.message}`;
  return error.source && !["unstruct", "contexts"].includes(error.source) ? `${error.source}: ${error.message}` : error.message;
}

const last = (path) => (path === "$" ? "The data" : `“${path.split(".").at(-1)}”`);

function place(failure, error, body) {
  const { data } = failure;
  const value = "schema" in data && "data" in data ? data.data : data;
  const [target] = error.targets || [];
  const path = error.keyword === "additionalProperties" ? `${error.path}.${target}` : error.path;
  const said = el("div", {}, el("h3", {}, "The schema says"), el("p", { class: "dim" }, "…"));
  body.append(el("div", { class: "two" }, el("div", {}, el("h3", {}, `Sent in ${error.source}, at ${path}`), tree(value, { wrong: [path] })), said));
  api.schema(failure.schema).then((schema) => {
    const part = schema && subschema(schema, error.path);
    const shown = part && relevant(error.keyword, target, part);
    said.lastChild.replaceWith(shown ? el("pre", { class: "code" }, pretty(shown)) : el("p", { class: "dim" }, "No schema."));
  });
}

const steps = (path) => [...path.matchAll(/\.([^.[]+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));

/** The part of a schema for a path of the data. */
export function subschema(schema, path) {
  let part = schema;
  for (const step of steps(path)) {
    if (!isObject(part)) return null;
    if (typeof step === "number") part = Array.isArray(part.items) ? part.items[step] : part.items;
    else part = (part.properties || {})[step] ?? (isObject(part.additionalProperties) ? part.additionalProperties : null);
  }
  return part ?? null;
}

function relevant(keyword, target, part) {
  const properties = part.properties || {};
  if (keyword === "required") return { required: part.required, properties: { [target]: properties[target] ?? {} } };
  if (keyword === "additionalProperties") return { properties: Object.keys(properties), additionalProperties: false };
  return part;
}

function lookups({ schema }, history) {
  const asked = history.flatMap(({ repository, errors }) => [
    el("dt", {}, repository), el("dd", {}, errors.map((error) => (error.error === "NotFound" ? "does not have it" : `${error.error}: ${error.message}`)).join("; ")),
  ]);
  const path = `schemas/${schema.replace(/^iglu:/, "")}`;
  return el("div", {}, el("h3", {}, "Registries asked"), el("dl", {}, ...asked), el("p", {}, "In a folder of schemas, its file is ", el("code", {}, path), "."));
}

function field({ parameters, decoded }, { source }, body) {
  const names = { unstruct: ["ue_px", "ue_pr"], contexts: ["cx", "co"] }[source] || [source];
  const name = names.find((one) => parameters && one in parameters);
  if (!name) return;
  body.append(el("h3", {}, `Sent as ${name}`), el("pre", { class: "code" }, decoded[name] ? pretty(decoded[name]) : inline(parameters[name])));
}
