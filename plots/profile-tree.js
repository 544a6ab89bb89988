// SPDX-License-Identifier: GPL-2.0-only
// The trees of the page, their colours and their words.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = id => document.getElementById(id);
const ROW = 19, THIN = 0.4, LEAST = 0.05, DIGIT = 8;
const SIDES = {tracer: "#0072B2", tracee: "#E69F00", interrupt: "#CC79A7",
  other: "#D9D9D9"};
const NEUTRAL = [228, 228, 228], LESS = [0, 114, 178], MORE = [213, 94, 0];
let state = {view: data.start, kind: "cheapest", search: "", zoom: []};
let root = null, limit = 1, difference = false, boxes = new Map();

/* Trees: per sample, by name; `gone`: only the baseline has it. */
function plant(profile, kind) {
  const tree = profile.trees[kind], nodes = [], top = new Map();
  for (const [parent, number, calls, own] of tree.nodes) {
    const name = profile.functions[number];
    const node = {name, number: nodes.length, calls: calls / tree.windows, own: 0,
      sides: {}, children: new Map()};
    for (const [group, count] of own) {
      const side = profile.groups[group][1];
      node.own += count / tree.windows;
      node.sides[side] = (node.sides[side] || 0) + count;
    }
    (parent < 0 ? top : nodes[parent].children).set(name, node);
    nodes.push(node);
  }
  return {name: "", calls: 0, own: 0, sides: {}, children: top};
}

/* `places`: new nodes that took the place of old ones, by their numbers. */
function pair(before, now, up, places) {
  const from = now || before;
  const node = {name: from.name, up, gone: !now,
    was: before && before.name !== from.name ? before.name : "", own: from.own, calls: from.calls,
    old: before ? before.own : 0, oldCalls: before ? before.calls : 0,
    now: now ? now.own : 0, nowCalls: now ? now.calls : 0, sides: {...from.sides}};
  const old = new Map(before ? before.children : []);
  node.children = [];
  for (const [name, child] of now ? now.children : []) {
    const place = places.get(child.number);
    const match = place === undefined ? old.get(name)
      : [...old.values()].find(each => each.number === place);
    if (match) old.delete(match.name);
    node.children.push(pair(match, child, node, places));
  }
  for (const child of old.values())
    node.children.push(pair(child, null, node, places));
  node.width = node.own;
  node.inclusive = node.gone ? 0 : node.own;
  node.oldInclusive = node.old;
  for (const child of node.children) {
    node.width += child.width;
    node.inclusive += child.inclusive;
    node.oldInclusive += child.oldInclusive;
    if (node.gone || !child.gone)
      for (const side in child.sides)
        node.sides[side] = (node.sides[side] || 0) + child.sides[side];
  }
  node.children.sort((a, b) => b.inclusive - a.inclusive || b.width - a.width ||
    (a.name < b.name ? -1 : 1));
  return node;
}

function walk(node, visit) {
  for (const child of node.children) { visit(child); walk(child, visit); }
}

/* Colours */
function side(node) {
  let best = "other", most = 0;
  for (const name in SIDES)
    if ((node.sides[name] || 0) > most) [best, most] = [name, node.sides[name]];
  return best;
}

function symlog(x) { // linear up to 1, then by decades, as in the figure
  const one = 1 / (1 - 1 / 10), a = Math.abs(x);
  return Math.sign(x) * (a <= 1 ? a * one : one + Math.log10(a));
}

function shade(change) {
  if (Math.abs(change) < LEAST) return NEUTRAL;
  const share = Math.abs(symlog(change)) / symlog(limit);
  const end = change < 0 ? LESS : MORE;
  return NEUTRAL.map((c, i) => Math.round(c + (end[i] - c) * share));
}

function paint(div, node) {
  let rgb;
  if (node.gone) { div.classList.add("gone"); rgb = [255, 255, 255]; }
  else if (difference) {
    rgb = shade(node.now - node.old);
    if (node.now - node.old <= -LEAST) div.classList.add("less");
  } else {
    const name = side(node), hex = SIDES[name];
    rgb = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
    if (name === "interrupt") div.classList.add("irq");
  }
  div.style.backgroundColor = `rgb(${rgb})`;
  const light = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] > 127;
  div.style.color = light ? "#000" : "#fff";
}

/* Text: always textContent, names are of files under test. */
const number = x => Number.isInteger(x) ? String(x) : x.toFixed(1);
const signed = x => (x >= LEAST ? "+" : "") + (Math.abs(x) < LEAST ? "0" : number(x));
const round = x => Math.abs(x - Math.round(x)) < 1e-6 ? Math.round(x) : x;
const say = x => number(round(x)), change = x => signed(round(x));
const percent = x => (100 * x).toFixed(1) + "%";

function add(parent, tag, text, name) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (name) element.className = name;
  parent.append(element);
  return element;
}

const full = node => node.name + (node.was ? ` (was ${node.was})` : "");

function about(node) {
  const [name, text] = at("about").children;
  name.textContent = node ? full(node) : "";
  text.textContent = !node ? "" : difference ? [
    `self ${say(node.now)} (before ${say(node.old)}, ${change(node.now - node.old)})`,
    `inclusive ${say(node.inclusive)} (before ${say(node.oldInclusive)}, ` +
      `${change(node.inclusive - node.oldInclusive)})`,
    `calls ${say(node.nowCalls)} (before ${say(node.oldCalls)})`,
    node.gone ? "not called there any more" : ""].filter(Boolean).join("; ") : [
    `self ${say(node.own)} (${percent(node.own / root.width)})`,
    `inclusive ${say(node.inclusive)} (${percent(node.inclusive / root.width)})`,
    `calls ${say(node.calls)}`,
    Object.keys(SIDES).filter(s => node.sides[s]).join(", ")].join("; ");
}
