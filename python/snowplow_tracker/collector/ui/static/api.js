// The calls of the collector that the page makes. Addresses are relative to /micro/ui.
import { decodeBase64, isObject, parse } from "./dom.js";

export class CallError extends Error {
  constructor(status, answer) {
    super(answer.error || `status ${status}`);
    this.status = status;
  }
}

async function call(path, options) {
  const response = await fetch(path, options);
  const text = await response.text();
  let answer = {};
  try { answer = parse(text); } catch { if (response.ok) throw new CallError(response.status, { error: "no JSON came" }); }
  if (!response.ok) throw new CallError(response.status, answer);
  return answer;
}

export function query(parameters) {
  const pairs = Object.entries(parameters).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  return new URLSearchParams(pairs.filter(([, value]) => value != null && value !== ""));
}

export const rows = (parameters, signal) => call(`ui/rows?${query(parameters)}`, { signal });
export const row = async (number) => withDecoded(await call(`events/${number}`));
export const snippet = async (number, kind) => (await fetch(`ui/rows/${number}/as/${kind}`)).text();
export const reset = () => call("reset", { method: "POST" });
export const columns = () => call("columns");
export const timeline = (buckets) => call("timeline", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ buckets }) });

/** The schema of an Iglu URI, or null if the collector has none. */
export async function schema(uri) {
  const path = uri.replace(/^iglu:/, "").split("/").map(encodeURIComponent).join("/");
  return call(`iglu/${path}`).catch(() => null);
}

/** Add the JSON in the fields of self-describing data, as far as it can be read. */
function withDecoded(event) {
  const fields = event.raw || {};
  const decoded = {};
  for (const name of ["ue_px", "ue_pr", "cx", "co"]) {
    if (typeof fields[name] !== "string") continue;
    try { decoded[name] = parse(name.endsWith("x") ? decodeBase64(fields[name]) : fields[name]); } catch { /* An error of the event says so. */ }
  }
  const own = (decoded.ue_px || decoded.ue_pr || {}).data;
  const entities = (decoded.cx || decoded.co || {}).data;
  const isDescribed = (value) => isObject(value) && typeof value.schema === "string" && "data" in value;
  return {
    ...event, decoded, good: event.status === "good", parameters: event.raw,
    described: isDescribed(own) ? own : null,
    entities: Array.isArray(entities) ? entities.filter(isDescribed) : [],
    headers: event.request.headers.map((line) => [line.split(": ", 1)[0], line.slice(line.indexOf(": ") + 2)]),
  };
}

/**
 * Call `changed` when events have come or gone, and `state` with "live", "poll" or "off".
 * Without a stream, as behind some proxies, ask every 3 seconds.
 */
export function subscribe(changed, state) {
  const source = new EventSource("stream");
  source.addEventListener("open", () => { state("live"); changed(); });
  for (const kind of ["rows", "counts", "reset", "lagged"]) source.addEventListener(kind, changed);
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) { state("off"); return; }
    state("poll");
    setInterval(changed, 3000);
  });
}
