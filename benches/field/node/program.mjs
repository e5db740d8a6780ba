// Tracks the job with Snowplow's tracker for Node. See `benches.field.libraries.client`.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { buildPageView, buildSelfDescribingEvent, newTracker } from "@snowplow/node-tracker";
import { newInMemoryEventStore } from "@snowplow/tracker-core";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const installed = new URL("node_modules/@snowplow/node-tracker/package.json", import.meta.url);
const { name, version } = JSON.parse(readFileSync(installed, "utf8"));

// Answers where the tracker would call fetch, after all that comes before it.
const answer = async () => new Response("ok");

async function deliver(kind, url, events) {
  const transport = url === null ? { customFetch: answer } : {};
  const endpoint = url ?? "http://127.0.0.1:9";
  // By default it keeps the last 1,000 events, and drops the others.
  const eventStore = newInMemoryEventStore({ maxSize: events });
  const emitter = { endpoint, eventStore, ...transport };
  const tracker = newTracker({ namespace: "field", appId: "shop" }, emitter);
  tracker.setUserId(job.user_id);
  const page = { pageUrl: job.page.url, pageTitle: job.page.title, referrer: job.page.referrer };
  const track = () => {
    if (kind === "order") {
      const event = { schema: job.schema, data: job.order };
      const entities = job.entities.map((entity) => ({ ...entity }));
      tracker.track(buildSelfDescribingEvent({ event }), entities);
    } else {
      tracker.track(buildPageView(page));
    }
  };
  globalThis.gc();
  const [started, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
  for (let number = 0; number < events; number++) track();
  await tracker.flush();
  const { user, system } = process.cpuUsage(cpu);
  return { wall: Number(process.hrtime.bigint() - started) / 1e9, cpu: (user + system) / 1e6 };
}

const tasks = { deliver, about: () => ({ name, version, runtime: `Node ${process.version}` }) };
for await (const line of createInterface({ input: process.stdin })) {
  const [task, ...given] = JSON.parse(line);
  console.log(JSON.stringify(await tasks[task](...given)));
}
process.exit(0);
