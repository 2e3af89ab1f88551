// Runs the Python package: answers {id, request} with {id, answer} or {id, problem}, in the order in which it is asked; `unloaded` where there is no Python.
const pyodide = new URLSearchParams(self.location.search).get("pyodide");

async function start() {
  const packed = fetch("mmhelix.zip").then((reply) => {
    if (!reply.ok) throw new Error(`mmhelix.zip: ${reply.status} ${reply.statusText}`);
    return reply.arrayBuffer();
  });
  const python = await import(`${pyodide}pyodide.mjs`).then(({ loadPyodide }) => loadPyodide({ indexURL: pyodide })).catch(({ message }) => {
    console.error(message);
    throw Object.assign(new Error(`Python could not be loaded from ${pyodide}, so nothing can be made or checked here: go online, or allow that address, and reload. The first picture and GALLERY.md in the repository were made beforehand.`), { unloaded: true });
  });
  python.unpackArchive(await packed, "zip", { extractDir: "/package" });
  python.runPython("import sys; sys.path.insert(0, '/package')");
  return python.pyimport("mmhelix_nb.benchmark.shown").respond;
}

const started = start();

self.onmessage = async ({ data: { id, request } }) => {
  try {
    const respond = await started;
    self.postMessage({ id, answer: respond(JSON.stringify(request)) });
  } catch (error) {
    self.postMessage({ id, problem: error.message, unloaded: error.unloaded ?? false });
  }
};
