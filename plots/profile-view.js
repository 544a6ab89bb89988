// SPDX-License-Identifier: GPL-2.0-only
// What the page shows, and what it does when somebody asks for more.
/* What is shown */
function load() {
  const against = state.view.startsWith("d"), n = Number(state.view.replace("d", ""));
  const shown = data.profiles[n], base = data.profiles[data.baseline];
  difference = against;
  const now = plant(shown, state.kind);
  const places = new Map(against ? shown.renamed[state.kind] : []);
  root = pair(against ? plant(base, state.kind) : null, now, null, places);
  limit = 1;
  walk(root, node => { limit = Math.max(limit, Math.abs(node.now - node.old)); });
  const samples = p => `${p.trees[state.kind].windows} of ${p.samples}`;
  at("total").textContent = against
    ? `${say(root.inclusive)} less ${say(root.oldInclusive)} is ` +
      `${change(root.inclusive - root.oldInclusive)} guest instructions a sample; ` +
      `${samples(shown)} and ${samples(base)} samples`
    : `${say(root.inclusive)} guest instructions a sample; ${samples(shown)} ` +
      `samples; through ${shown.interface}`;
  if (shown.lost_returns) at("total").textContent +=
    `; ${shown.lost_returns} returns lost: callers are uncertain`;
  keys(against);
}

function keys(against) {
  const most = say(limit), items = against ? [
    ["more", `rgb(${MORE})`, `more of its own, up to +${most}`],
    ["less", `rgb(${LESS})`, `less, down to -${most}`],
    ["", `rgb(${NEUTRAL})`, "no change"],
    ["gone", "#fff", "only the baseline calls it there, at its width"]] :
    Object.entries(SIDES).map(([s, c]) => [s === "interrupt" ? "irq" : "", c, s]);
  at("keys").replaceChildren();
  for (const [name, color, text] of items) {
    const item = add(at("keys"), "span", "");
    add(item, "i", "", name).style.backgroundColor = color;
    item.append(text);
  }
}

/* A path of names from the top, or one name: then its widest box. */
function find(names) {
  let node = root;
  for (const name of names) {
    const next = node.children.find(child => child.name === name);
    if (!next) { node = null; break; }
    node = next;
  }
  if (!node && names.length === 1)
    walk(root, each => {
      if (each.name === names[0] && (!node || each.width > node.width)) node = each;
    });
  return node || root;
}

function path(node) {
  return node.up ? [...path(node.up), node.name] : [];
}

function draw() {
  const zoom = find(state.zoom), wide = at("icicle").clientWidth;
  const wanted = state.search.toLowerCase();
  const matches = node => wanted &&
    (node.name.toLowerCase().includes(wanted) ||
     node.was.toLowerCase().includes(wanted));
  boxes = new Map();
  at("icicle").replaceChildren();
  at("icicle").classList.toggle("searching", wanted !== "");
  let rows = 0;
  const box = (node, left, width, row, above) => {
    rows = Math.max(rows, row + 1);
    const div = add(at("icicle"), "div", "", "box");
    div.style.left = left + "px";
    div.style.top = row * ROW + "px";
    div.style.width = width + "px";
    div.classList.toggle("above", above);
    div.classList.toggle("thin", width < 3);
    div.classList.toggle("match", Boolean(matches(node)));
    paint(div, node);
    div.tabIndex = node === zoom || (zoom === root && boxes.size === 0) ? 0 : -1;
    div.setAttribute("role", "treeitem");
    div.setAttribute("aria-level", row + 1);
    div.setAttribute("aria-label",
      `${node.name}, ${say(node.inclusive)} instructions, ${say(node.own)} of its own`);
    div.node = node;
    boxes.set(node, div);
  };
  /* In the widest part that is not a gap. */
  const label = (node, left, width, gaps) => {
    let best = [0, 0], from = left;
    for (const [at, wide] of [...gaps, [left + width, 0]]) {
      if (at - from > best[1]) best = [from - left, at - from];
      from = at + wide;
    }
    const by = difference ? node.now - node.old : 0;
    const words = Math.abs(by) >= LEAST ? [change(by)] : [];
    const digits = words.join("").length * DIGIT; // a number is whole or not there
    if (best[1] <= Math.max(24, digits + 6)) return;
    if (!digits || best[1] > digits + 30) words.push(full(node));
    const span = add(boxes.get(node), "span", words.join("  "));
    span.style.left = best[0] + "px";
    span.style.maxWidth = best[1] + "px";
  };
  const above = [];
  for (let node = zoom; node.up; node = node.up) above.unshift(node);
  above.forEach((node, row) => box(node, 0, wide, row, node !== zoom));
  for (const node of above) label(node, 0, wide, []);
  const scale = wide / (zoom.width || 1);
  const below = (node, left, row) => {
    let gaps = [];
    for (const child of node.children) {
      const width = child.width * scale;
      if (width >= THIN) box(child, left, width, row, false);
      const inside = below(child, left, row + 1);
      if (child.gone) gaps.push([left, width]);
      else {
        for (const gap of inside) blank(gap, row);
        gaps = gaps.concat(inside);
      }
      if (width >= THIN) label(child, left, width, child.gone ? [] : inside);
      left += width;
    }
    return node.gone ? [] : gaps;
  };
  const blank = ([left, width], row) => {
    if (width < THIN) return;
    const div = add(at("icicle"), "div", "", "gap");
    div.style.cssText = `left:${left}px;width:${width}px;top:${row * ROW}px`;
  };
  below(zoom, 0, above.length);
  at("icicle").style.height = rows * ROW + "px";
  found(matches, wanted);
  about(zoom.up ? zoom : null);
}

function found(matches, wanted) {
  const names = new Set();
  let now = 0, old = 0;
  walk(root, node => {
    if (!matches(node)) return;
    names.add(node.name);
    now += node.now;
    old += node.old;
  });
  at("found").textContent = !wanted ? "" :
    `${names.size} function${names.size === 1 ? "" : "s"}: ${say(now)} of their own` +
    (difference ? ` (before ${say(old)}, ${change(now - old)})`
      : ` (${percent(now / (root.width || 1))})`);
}

/* The address: #view=async-retrap&difference=1&class=all&search=..&zoom=a/b
   Without a view it is the difference, where there is one. */
function write() {
  const {view, kind, search, zoom} = state, words = [];
  const name = data.profiles[Number(view.replace("d", ""))].variant;
  if (view !== data.start) words.push("view=" + encodeURIComponent(name));
  if (view !== data.start && view.startsWith("d")) words.push("difference=1");
  if (kind !== "cheapest") words.push("class=" + kind);
  if (search) words.push("search=" + encodeURIComponent(search));
  if (zoom.length) words.push("zoom=" + zoom.map(encodeURIComponent).join("/"));
  try { history.replaceState(null, "", "#" + words.join("&")); } catch { /* file: */ }
}

function read() {
  const words = new Map(location.hash.slice(1).split("&").map(word => {
    const [name, ...value] = word.split("=");
    return [name, value.join("=")];
  }));
  const text = name => {
    try { return decodeURIComponent(words.get(name) || ""); } catch { return ""; }
  };
  const n = Math.max(0, data.profiles.findIndex(p => p.variant === text("view")));
  const against = words.get("difference") && data.baseline !== null;
  state.view = !words.has("view") ? data.start :
    (against && n !== data.baseline ? "d" : "") + n;
  state.kind = words.get("class") === "all" ? "all" : "cheapest";
  state.search = text("search");
  try {
    state.zoom = (words.get("zoom") || "").split("/").filter(Boolean)
      .map(decodeURIComponent);
  } catch { state.zoom = []; }
  at("view").value = state.view;
  at("class").value = state.kind;
  at("search").value = state.search;
  load();
  draw();
}

function show(changes, focus) {
  Object.assign(state, changes);
  if ("view" in changes || "kind" in changes) load();
  draw();
  write();
  if (focus) (boxes.get(focus) || boxes.values().next().value)?.focus();
}

function zoomTo(node) { show({zoom: path(node)}, node); }

function step(node, key) {
  const beside = node.up ? node.up.children.filter(n => boxes.has(n)) : [];
  const i = beside.indexOf(node);
  return {ArrowDown: node.children.find(n => boxes.has(n)), ArrowUp: node.up,
    ArrowLeft: beside[i - 1], ArrowRight: beside[i + 1]}[key];
}

/* Events */
data.profiles.forEach((p, n) => {
  add(at("view"), "option", p.variant).value = String(n);
  if (data.baseline !== null && n !== data.baseline)
    add(at("view"), "option",
      `${p.variant} less ${data.profiles[data.baseline].variant}`).value = "d" + n;
});
for (const [name, text] of data.classes)
  add(at("class"), "option", text).value = name;
const reset = () => {
  at("search").value = "";
  show({search: "", zoom: []});
};
at("form").addEventListener("submit", event => event.preventDefault());
at("view").addEventListener("change", () => show({view: at("view").value}));
at("class").addEventListener("change", () => show({kind: at("class").value}));
at("search").addEventListener("input", () => show({search: at("search").value.trim()}));
at("reset").addEventListener("click", reset);
const nodeOf = event => event.target.closest(".box")?.node;
at("icicle").addEventListener("click", event => {
  if (nodeOf(event)) zoomTo(nodeOf(event));
});
for (const kind of ["mouseover", "focusin"])
  at("icicle").addEventListener(kind, event => {
    if (nodeOf(event)) about(nodeOf(event));
  });
at("icicle").addEventListener("keydown", event => {
  const node = nodeOf(event);
  if (!node) return;
  if (event.key === "Enter" || event.key === " ") zoomTo(node);
  else if (boxes.has(step(node, event.key))) boxes.get(step(node, event.key)).focus();
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", event => {
  if (event.key === "Escape") reset();
  else if (event.key === "/" && event.target !== at("search")) at("search").focus();
  else return;
  event.preventDefault();
});
addEventListener("resize", draw);
addEventListener("hashchange", read);
read();
