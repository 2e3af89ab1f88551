// node parity.mjs PYODIDE ARCHIVE CELLS: the fingerprints of the cells (JSON: [[task, level, seed], ...]) by the package in ARCHIVE under Pyodide, as JSON.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, archive, cells] = process.argv.slice(2);
const start = performance.now();
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: `${folder}/` });
python.unpackArchive(new Uint8Array(readFileSync(archive)), "zip", { extractDir: "/package" });
python.runPython("import sys; sys.path.insert(0, '/package')");
const { fingerprint } = python.pyimport("mmhelix_nb.benchmark.shown");
const ready = performance.now();
const found = JSON.parse(cells).map((cell) => fingerprint(...cell));
console.log(JSON.stringify({ found, start: (ready - start) / 1000, each: (performance.now() - ready) / 1000 / found.length }));
