// Filters and sorting of the tables of class board; without this script all rows are shown, sorted by their micro mean.
const boxes = [...document.querySelectorAll("select[data-filter]")];
const tables = [...document.querySelectorAll("table.board")];

// A row stays where each filter is empty, says the row's own value, or is about what the row does not have (a floor has no form).
function stays(row) {
  return boxes.every((box) => {
    const own = row.dataset[box.dataset.filter];
    return !box.value || !own || own === box.value;
  });
}

function show() {
  const category = document.querySelector("#category").value;
  for (const table of tables) {
    const rows = [...table.tBodies[0].rows];
    for (const row of rows) row.hidden = !stays(row);
    for (const cell of table.querySelectorAll("[data-category]")) cell.hidden = category !== "" && cell.dataset.category !== category;
    const [count, hint] = ["count", "hint"].map((name) => table.closest("section").querySelector(`.${name}`));
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
    hint.hidden = table.parentElement.scrollWidth <= table.parentElement.clientWidth;
  }
}
addEventListener("resize", show);

// Numbers by size and names by letters; what has no number comes last in either direction.
function compare(a, b, down) {
  if (a === "" || b === "") return (a === "") - (b === "");
  const order = isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
  return down ? -order : order;
}

function sort(head, down) {
  const body = head.closest("table").tBodies[0];
  const key = (row) => row.cells[head.cellIndex].dataset.key;
  body.append(...[...body.rows].sort((a, b) => compare(key(a), key(b), down)));
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
}

for (const table of tables)
  for (const head of table.tHead.rows[0].cells)
    head.querySelector("button").addEventListener("click", () => {
      const was = head.getAttribute("aria-sort");
      sort(head, was ? was === "ascending" : head.dataset.numbers === "yes");
    });
for (const box of boxes) box.addEventListener("change", show);
document.querySelector("#category").addEventListener("change", (event) => {
  show();
  for (const table of tables) sort(table.querySelector(`th[data-category="${event.target.value}"]`), true);
});
show();
