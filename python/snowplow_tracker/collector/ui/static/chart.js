// Events over time. The span fits the events that there are.
import * as api from "./api.js";
import { clock, count, el } from "./dom.js";

const BARS = 60;
const HEIGHT = 40;
const STEPS = [1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600, 21600, 86400].map((seconds) => seconds * 1000);
const SVG = "http://www.w3.org/2000/svg";

function shape(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Buckets of equal length that end with the newest event and reach the oldest. */
export function buckets(oldest, newest) {
  const step = STEPS.find((each) => newest - oldest < each * (BARS - 1)) || STEPS.at(-1);
  const end = (Math.floor(newest / step) + 1) * step;
  return Array.from({ length: BARS }, (_, index) => end - (BARS - index) * step).map((start) => ({ start, end: start + step }));
}

/** Draw the chart of events that came between two times; `choose(start, end)` is called for a bar. */
export async function draw(box, times, choose) {
  if (!times) { box.replaceChildren(); return; }
  const spans = buckets(...times);
  const iso = (time) => new Date(time).toISOString();
  const { points } = await api.timeline(spans.map(({ start, end }) => ({ start: iso(start), end: iso(end) })));
  const most = Math.max(1, ...points.map((point) => point.validEvents + point.failedEvents));
  const svg = shape("svg", { viewBox: `0 0 ${BARS} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  points.forEach(({ validEvents: good, failedEvents: bad }, index) => {
    let y = HEIGHT;
    for (const [kind, number] of [["bad", bad], ["good", good]]) {
      const height = number && Math.max(2, (number / most) * (HEIGHT - 2));
      y -= height;
      svg.append(shape("rect", { class: kind, x: index + 0.12, width: 0.76, y, height }));
    }
    const hit = shape("rect", { class: "hit", x: index, width: 1, y: 0, height: HEIGHT });
    hit.append(shape("title", {}));
    hit.firstChild.textContent = `${clock(spans[index].start)[0]}: ${count(good)} good, ${count(bad)} bad`;
    hit.addEventListener("click", () => choose(iso(spans[index].start), iso(spans[index].end)));
    svg.append(hit);
  });
  svg.append(shape("line", { class: "base", x1: 0, x2: BARS, y1: HEIGHT, y2: HEIGHT, "vector-effect": "non-scaling-stroke" }));
  const row = (tag, ...cells) => el("tr", {}, ...cells.map((cell) => el(tag, {}, String(cell))));
  const table = el("table", { class: "sr" }, el("caption", {}, "Events over time"), row("th", "From", "Good", "Bad"),
    ...points.map(({ validEvents: good, failedEvents: bad }, index) => good + bad && row("td", clock(spans[index].start)[0], good, bad)).filter(Boolean));
  box.replaceChildren(el("span", {}, clock(spans[0].start)[0]), svg, el("span", {}, clock(spans.at(-1).end)[0]), table);
}
