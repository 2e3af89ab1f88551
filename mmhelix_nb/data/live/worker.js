// Runs the Python package: answers {id, request} with {id, answer} or {id, problem}, in the order in which it is asked.
const pyodide = new URLSearchParams(self.location.search).get("pyodide");

async function start() {
  const packed = fetch("mmhelix.zip").then((reply) => {
    if (!reply.ok) throw new Error(`mmhelix.zip: ${reply.status} ${reply.statusText}`);
    return reply.arrayBuffer();
  });
  const { loadPyodide } = await import(`${pyodide}pyodide.mjs`);
  const python = await loadPyodide({ indexURL: pyodide });
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
    self.postMessage({ id, problem: error.message });
  }
};
