// SPDX-License-Identifier: GPL-2.0-only
// Rows that open, sort and can be filtered; the data to save. Without it the page
// shows all.
"use strict";
(() => {
const at = id => document.getElementById(id);
const values = JSON.parse(at("values").textContent);
const table = at("table"), form = at("filters");
document.documentElement.classList.add("script");

function button(inside) {
  const made = document.createElement("button");
  made.type = "button";
  made.append(...inside.childNodes);
  inside.append(made);
  return made;
}

/* Data to save: the rows of comparison.csv that the page was made of. */
function field(value) {
  const text = value === null ? "" : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function save(name, type, text) {
  const link = document.createElement("a");
  link.download = name;
  link.textContent = name;
  link.href = URL.createObjectURL(new Blob([text], {type}));
  return link;
}

const csv = [values.columns, ...values.rows]
  .map(row => row.map(field).join(",") + "\n").join("");
at("downloads").replaceChildren("To save: ",
  save("comparison.csv", "text/csv", csv), " ",
  save("comparison.json", "application/json", JSON.stringify(values, null, 1)));

if (!table) return;
const bodies = [...table.tBodies];

/* A row opens; its address is then that of the page. */
function open(body, yes) {
  body.classList.toggle("open", yes);
  body.querySelector("details").open = yes;
  body.querySelector("th button").setAttribute("aria-expanded", yes);
}

for (const body of bodies) {
  const opener = button(body.querySelector("th"));
  opener.setAttribute("aria-expanded", false);
  opener.addEventListener("click", () => {
    const yes = !body.classList.contains("open");
    open(body, yes);
    history.replaceState(null, "", yes ? `#${body.id}` : location.pathname);
  });
}

function follow() {
  const body = bodies.find(each => `#${each.id}` === location.hash);
  if (!body) return;
  if (body.hidden) form.reset();
  open(body, true);
  body.scrollIntoView();
  body.querySelector("th button").focus({preventScroll: true});
}

/* Which rows are shown. */
function filter() {
  const wanted = [...new FormData(form)].filter(([, value]) => value);
  let count = 0;
  for (const body of bodies) {
    body.hidden = !wanted.every(([name, value]) => name === "search"
      ? body.rows[0].textContent.toLowerCase().includes(value.toLowerCase())
      : body.dataset[name] === value);
    count += !body.hidden;
  }
  at("count").textContent = `${count} of ${bodies.length} rows`;
}

form.addEventListener("input", filter);
form.addEventListener("submit", event => event.preventDefault());
form.addEventListener("reset", () => setTimeout(() => {
  filter();
  arrange(bodies, null);
}));

/* In which order; what has no number comes last. */
const heads = [...table.tHead.rows[0].cells];

function arrange(rows, head, order) {
  for (const each of heads) each.removeAttribute("aria-sort");
  if (head) head.setAttribute("aria-sort", order);
  table.append(...rows);
}

function key(body, column) {
  const cell = body.rows[0].cells[column];
  return cell.dataset.key ? Number(cell.dataset.key) : cell.textContent.trim();
}

function compare(one, other, sign) {
  const empty = (one === "") - (other === "");
  if (empty || one === other) return empty;
  const kinds = (typeof one === "string") - (typeof other === "string");
  return kinds || sign * (one < other ? -1 : 1);
}

heads.forEach((head, column) => {
  button(head).addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    const keys = new Map(bodies.map(body => [body, key(body, column)]));
    const sign = down ? -1 : 1;
    const sorted = [...bodies].sort((a, b) => compare(keys.get(a), keys.get(b), sign));
    arrange(sorted, head, down ? "descending" : "ascending");
  });
});

form.hidden = false;
filter();
addEventListener("hashchange", follow);
follow();
})();
