// The page: what is chosen stands in the address (#/task/level/seed/style), and whatever is shown of a puzzle comes from the worker.
const find = (id) => document.getElementById(id);
const title = (name) => name.replaceAll("_", " ");
const FIRST = "#/maze/1/0";
const KINDS = { read: "read", observe: "read", hypothesise: "try", test: "try", contradiction: "fail", backtrack: "fail", check: "sure", repair: "sure", conclude: "sure" };

function element(tag, content = "", attributes = {}) {
  const made = document.createElement(tag);
  made.append(...[content].flat());
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// ---- The worker
const pyodide = new URL(document.querySelector("meta[name=pyodide]").content, document.baseURI);
const worker = new Worker(`worker.js?pyodide=${encodeURIComponent(pyodide)}`, { type: "module" });
const waiting = new Map();
let asked = 0;

worker.onmessage = ({ data: { id, answer, problem, unloaded } }) => {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (problem) return reject(Object.assign(new Error(problem), { unloaded }));
  const found = JSON.parse(answer);
  if (found.error) reject(new Error(found.error));
  else resolve(found);
};
addEventListener("unhandledrejection", ({ reason }) => report(reason.message));
worker.onerror = (event) => report(`The worker does not start: ${event.message ?? "see the console"}. Is the page served (python -m http.server), and a module worker allowed?`);

function request(content) {
  return new Promise((resolve, reject) => {
    waiting.set(++asked, { resolve, reject });
    worker.postMessage({ id: asked, request: content });
  });
}

const about = (show, more = {}) => request({ show, task: now.task, level: now.level, seed: now.seed, more });

// ---- What is chosen
let now = {}; // task, level, seed, style ("" is that of the page), and what the worker said of it
let categories = {};
let cells = {}; // what is known before Python runs: categories, models, shallow, first
let running = false;

function read(address) {
  let text = address;
  try { text = decodeURIComponent(address); } catch { /* stays as it was typed, and is no task then */ }
  const [task, level, seed, style = ""] = text.replace(/^#\/?/, "").split("/");
  const number = (given) => (/^\d+$/.test(given) ? Number(given) : given);
  return { task: task || "maze", level: number(level || "1"), seed: number(seed || "0"), style };
}

function flaw({ level, seed }) { // why an address names no puzzle; the core says so of tasks and styles
  if (![1, 2, 3, 4, 5].includes(level)) return `level ${level} must be 1 to 5`;
  const { max } = find("seed");
  if (!Number.isInteger(seed) || seed > Number(max)) return `seed ${seed} must be a whole number from 0 to ${max}`;
  return "";
}

const address = ({ task, level, seed, style }) => `#/${[task, level, seed, ...(style ? [style] : [])].join("/")}`;
const go = (change) => { location.hash = address({ ...now, ...change }); };
const dark = () => document.documentElement.classList.contains("dark");
const drawn = () => now.style || (dark() ? "dark" : "light");

function report(problem) {
  const [before, meant, after] = problem.split(/(?<=did you mean ')(\w+)(?=')/);
  const link = meant && element("a", meant, { href: address({ ...now, task: meant }) });
  find("picture").replaceChildren(element("p", link ? [before, link, after] : problem, { id: "status", class: "problem", role: "status" }));
}

function usable(is) { // what asks something of a puzzle works where there is one
  for (const id of ["solve", "copy", "row", "svg"]) find(id).disabled = !is;
}

async function show() {
  const chosen = { ...read(location.hash || FIRST) };
  const other = address({ ...chosen, style: "" }) !== address({ ...now, style: "" });
  now = other ? chosen : { ...now, style: chosen.style, failed: false, trace: undefined };
  const mine = now;
  settle();
  if (other) clear();
  find("picture").classList.add("waiting");
  try {
    if (!running && address({ ...now, style: "" }) === FIRST) paint(cells.first[drawn()] ?? cells.first.light);
    if (flaw(now)) throw new Error(flaw(now));
    const item = await about("item", { style: drawn() });
    if (now !== mine) return; // something else was chosen since
    running = true;
    if (item.task !== now.task) return location.replace(address({ ...now, task: item.task })); // asked for by the paper's name
    paint(item);
    judged();
    if (find("search").open) open.search();
    if (other && find("shallow").open) open.shallow();
    models();
  } catch (error) {
    if (now !== mine) return;
    const picture = error.unloaded && now.item && find("picture").querySelector("svg"); // made beforehand: it stays
    report(error.message);
    if (picture) find("picture").append(picture);
    now.failed = error.unloaded ? "Without Python nothing is checked." : "There is no puzzle at this address.";
    usable(false);
    for (const id of picture ? [] : ["question", "words", "scores", "bars"]) find(id).replaceChildren();
    judged();
  } finally {
    if (now === mine) find("picture").classList.remove("waiting");
  }
}

function paint(item) {
  now.item = item;
  usable(true);
  find("picture").innerHTML = item.svg;
  find("question").textContent = item.question;
  find("words").textContent = item.question_text;
  find("reply").placeholder = item.example ? `such as  ${item.example}` : "";
}

function settle() { // controls say what the address says
  const home = Object.keys(categories).find((name) => categories[name].includes(now.task)) ?? "";
  if (find("category").value && find("category").value !== home) find("category").value = home;
  list();
  find("task").value = now.task;
  for (const input of document.querySelectorAll("#levels input")) input.checked = Number(input.value) === now.level;
  find("seed").value = now.seed;
  const look = now.style.startsWith("look:");
  find("style").value = look ? "look" : now.style;
  find("look").hidden = !look;
  if (look) find("look").value = now.style.slice(5);
  find("name").textContent = `${title(now.task)}, level ${now.level}`;
  document.title = `${title(now.task)} ${now.level}/${now.seed} · MM-HELIX, live`;
}

function clear() { // nothing of the last puzzle stays
  find("reply").value = "";
  for (const id of ["said", "attempts", "ticks", "effort", "count", "share"]) find(id).replaceChildren();
  find("said").className = "";
  judged();
}

function list() { // the tasks of the chosen category
  const chosen = find("category").value;
  const groups = Object.entries(categories).filter(([name]) => !chosen || name === chosen);
  const options = (names) => names.map((name) => element("option", title(name), { value: name }));
  find("task").replaceChildren(...groups.map(([name, names]) => element("optgroup", options(names), { label: name })));
}

// ---- An answer
async function judged(typed) {
  const reply = find("reply").value;
  const said = find("verdict");
  said.className = "";
  if (now.failed) return (said.textContent = now.failed);
  if (!reply.trim()) return (said.textContent = running ? "The verdict comes as you type." : "Python is loading (14 MB, once); then the verdict comes as you type.");
  const mine = now;
  const { right, whole, open, reason } = await about("verdict", { reply });
  const stale = () => now !== mine || reply !== find("reply").value; // something else was chosen, or typed on
  if (whole && !right && typed && !stale()) {
    said.textContent = open ? "… The number may go on; the verdict comes when you pause." : "…";
    await Promise.race([new Promise((rest) => setTimeout(rest, open ? 1200 : 500)), new Promise((left) => find("reply").addEventListener("blur", left, { once: true }))]);
  }
  if (stale()) return;
  said.className = right ? "right" : whole ? "wrong" : "begun";
  said.textContent = right ? `✓ Right: ${reason}.` : `${whole ? "✗ Not right" : "… Not a complete answer so far"}: ${reason}.`;
}

async function solve() {
  const mine = now;
  const { answer, effort } = await about("answer");
  if (now !== mine) return;
  find("reply").value = answer;
  find("effort").textContent = `The solver looked at ${effort.toLocaleString("en")} ${effort === 1 ? "node" : "nodes"}.`;
  judged();
}

// ---- The search
function board({ board, svg, over }) { // the picture with what is found by then, and a position that the step itself writes down
  const picture = element("figure");
  picture.innerHTML = (svg || now.item.svg).replace("</svg>", `${over}</svg>`);
  return [picture, ...(board ? [element("pre", board)] : [])];
}

function step(to) {
  const steps = now.trace ?? [];
  if (!steps.length) return;
  const at = Math.max(0, Math.min(steps.length - 1, to));
  const one = steps[at];
  find("step").value = now.step = at;
  find("count").textContent = `${at + 1} of ${steps.length}`;
  find("back").disabled = at === 0;
  find("on").disabled = at === steps.length - 1;
  for (const [i, tick] of [...find("ticks").children].entries()) tick.classList.toggle("now", i === at);
  const facts = one.facts.map((fact) => element("li", fact.text + (fact.false ? "  (a slip, mended later)" : ""), { class: fact.false ? "false" : "" }));
  const reasons = one.reasons.map((reason) => element("li", `because of ${reason.text}${reason.facts.length ? `: ${reason.facts.join("; ")}` : ""}`));
  const kind = KINDS[one.kind] ?? "";
  find("said").className = kind;
  const data = facts.length + reasons.length ? [element("small", "as data, counted from 0"), element("ul", [...facts, ...reasons])] : [];
  find("said").replaceChildren(element("div", [element("small", one.kind), element("p", one.says), ...data]), element("div", board(one)));
}

const open = {
  async search() {
    const mine = now;
    const steps = await about("trace", { style: drawn() });
    if (now !== mine) return;
    now.trace = steps;
    find("step").max = steps.length - 1;
    find("ticks").replaceChildren(...steps.map(({ kind }) => element("i", "", { class: KINDS[kind] ?? "", title: kind })));
    step(now.step ?? 0);
  },
  async shallow() {
    const mine = now;
    const found = await about("attempts");
    if (now !== mine) return;
    const share = cells.shallow[now.task]?.[now.level - 1];
    find("share").textContent = share ? `Each makes one pass and takes nothing back. Over ${share.seeds} puzzles of this kind and level the best of them, ${share.best}, is right ${percent(100 * share.shallow)} of the time.` : "";
    const row = ({ solver, answer, right, reason }) => element("tr", [
      element("td", solver),
      element("td", [element("b", right ? "✓ right" : "✗ wrong", { class: right ? "good" : "bad" }), `: ${reason}`, element("code", answer)]),
    ]);
    find("attempts").replaceChildren(...found.map(row));
  },
};

// ---- What models get
const percent = (value) => `${value.toFixed(1)} %`;

function models() {
  const home = Object.keys(categories).find((name) => categories[name].includes(now.task));
  find("scores").textContent = "";
  find("answered").replaceChildren(...cells.answered.map(answered).filter(Boolean));
  if (!home || !cells.models.length) return find("bars").replaceChildren();
  const rows = cells.models.map((model) => ({ name: model.model, score: model[home] })).sort((a, b) => b.score - a.score);
  find("scores").textContent = `The paper gives no score for single puzzles. On all pictures of the category ${home}, over all levels, the ${rows.length} models of its Table 1 got what stands below. What your own evaluations have on this puzzle is added by: mmhelix gallery FOLDER`;
  const row = ({ name, score }) => element("tr", [element("td", name), element("td", percent(score)), element("td", element("i", "", { style: `width:${score}%` }))]);
  find("bars").replaceChildren(...rows.map(row));
}

function answered({ model, form, puzzles }) { // what a model that was evaluated here made of this kind and level, and of this very puzzle
  const cell = Object.entries(puzzles).filter(([name]) => name.startsWith(`${now.task}/${now.level}/`));
  if (!cell.length) return null;
  const tried = cell.flatMap(([, replies]) => replies);
  const here = puzzles[`${now.task}/${now.level}/${now.seed}`] ?? [];
  const others = here.length ? [] : ["asked with the seeds ", ...cell.slice(0, 12).flatMap(([name]) => [element("a", name.split("/")[2], { href: `#/${name}` }), " "])];
  const replies = here.map(([answer, right, reason]) => element("div", [element("b", right ? "✓ right" : "✗ wrong", { class: right ? "good" : "bad" }), `: ${reason}`, element("code", answer)]));
  return element("tr", [element("td", `${model} (${form})`), element("td", `${tried.filter(([, right]) => right).length} of ${tried.length} at this level`), element("td", [...replies, ...others])]);
}

// ---- Copy and download
async function copied(button, text) {
  button.dataset.label ??= button.textContent; // which "Copied" takes the place of for a while
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    prompt("Copy this:", text);
  }
  setTimeout(() => { button.textContent = button.dataset.label; }, 1200);
}

function download(name, type, text) {
  const link = element("a", "", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const file = () => `${now.task}-${now.level}-${now.seed}`;

// ---- Theme, controls, keys
function theme(name) {
  document.documentElement.classList.toggle("dark", name === "dark");
  find("theme").lastElementChild.textContent = name === "dark" ? "light" : "dark";
  localStorage.setItem("theme", name);
}

function connect() {
  const on = (id, event, act) => find(id).addEventListener(event, act);
  const another = () => go({ seed: Math.floor(Math.random() * 1e6) });
  const restyle = () => {
    const [style, look] = [find("style").value, find("look")];
    if (style !== "look") go({ style });
    else if (look.reportValidity()) go({ style: `look:${look.value}` });
  };
  on("theme", "click", () => { theme(dark() ? "light" : "dark"); if (!now.style) show(); });
  on("category", "change", () => { list(); go({ task: find("task").value }); });
  on("task", "change", () => go({ task: find("task").value }));
  on("levels", "change", (event) => go({ level: event.target.value }));
  on("seed", "change", () => find("seed").reportValidity() && go({ seed: find("seed").value }));
  on("another", "click", another);
  for (const id of ["style", "look"]) on(id, "change", restyle);
  on("choice", "submit", (event) => event.preventDefault());
  on("reply", "input", judged);
  on("solve", "click", solve);
  on("search", "toggle", () => find("search").open && !now.trace && open.search());
  on("shallow", "toggle", () => find("shallow").open && open.shallow());
  on("step", "input", () => step(Number(find("step").value)));
  on("back", "click", () => step(now.step - 1));
  on("on", "click", () => step(now.step + 1));
  on("ticks", "click", (event) => step([...find("ticks").children].indexOf(event.target)));
  on("link", "click", () => copied(find("link"), location.href.split("#")[0] + address(now)));
  on("copy", "click", () => copied(find("copy"), now.item.question));
  on("row", "click", async () => download(`${file()}.jsonl`, "application/json", `${JSON.stringify(await about("row"))}\n`));
  on("svg", "click", () => download(`${file()}.svg`, "image/svg+xml", now.item.svg));
  addEventListener("hashchange", show);
  addEventListener("keydown", (event) => {
    const typing = event.target.matches("input:not([type=radio]), textarea, select");
    if (event.key === "Escape") return event.target.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = find("search").open && now.trace && !event.target.matches("[type=radio]"); // radios have arrows of their own
    if (event.key === "n") another();
    else if ("12345".includes(event.key)) go({ level: event.key });
    else if (event.key === "a") { find("reply").focus(); event.preventDefault(); }
    else if (event.key === "t") find("search").open = !find("search").open;
    else if (event.key === "ArrowLeft" && arrow) { step(now.step - 1); event.preventDefault(); }
    else if (event.key === "ArrowRight" && arrow) { step(now.step + 1); event.preventDefault(); }
  });
}

theme(localStorage.getItem("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
find("levels").append(...[1, 2, 3, 4, 5].map((level) => element("label", [element("input", "", { type: "radio", name: "level", value: level }), element("span", String(level))])));
connect();
cells = await fetch("cells.json").then((reply) => reply.json());
categories = cells.categories;
find("category").replaceChildren(element("option", "all", { value: "" }), ...Object.keys(categories).map((name) => element("option", name)));
show();
