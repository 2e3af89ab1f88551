"""A headless Chromium, driven by its DevTools protocol through two pipes: nothing but the standard library and the browser is needed."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROGRAM = os.environ.get("MMHELIX_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page of a browser of its own; `with Page() as page`."""

    def __init__(self, width: int = 1280, height: int = 900, phone: bool = False, dark: bool = False):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        (asks, ask), (answer, answers) = os.pipe(), os.pipe()
        flags = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --remote-debugging-pipe"
        # the browser reads its file 3 and writes its file 4
        line = f'exec "$0" {flags} --user-data-dir="$1" about:blank 3<&{asks} 4>&{answers} 2>"$1/log"'
        self.process = subprocess.Popen(
            ["bash", "-c", line, str(PROGRAM), self.profile.name], pass_fds=(asks, answers), stdout=subprocess.DEVNULL
        )
        os.close(asks), os.close(answers)
        self.ask, self.answer = os.fdopen(ask, "wb"), os.fdopen(answer, "rb")
        self.left, self.number, self.session, self.events = b"", 0, "", []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for name in ("Page", "Runtime", "Network"):
            self.call(f"{name}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[theme])

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_) -> None:
        self.ask.close()
        self.process.terminate()
        self.process.wait(20)
        self.answer.close()
        self.profile.cleanup()

    def message(self) -> dict[str, Any]:
        """The next message of the browser; they end with a zero byte."""
        while b"\0" not in self.left:
            more = os.read(self.answer.fileno(), 1 << 16)
            if not more:
                raise RuntimeError(f"the browser ended: {Path(self.profile.name, 'log').read_text()[-500:]}")
            self.left += more
        first, _, self.left = self.left.partition(b"\0")
        return json.loads(first)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What a method of the protocol gives; events that come meanwhile are kept in `events`."""
        self.number += 1
        asked = {"id": self.number, "method": method, "params": parameters}
        self.ask.write(json.dumps(asked | ({"sessionId": self.session} if self.session else {})).encode() + b"\0")
        self.ask.flush()
        while (found := self.message()).get("id") != self.number:
            self.events.append(found)
        if "error" in found:
            raise RuntimeError(f"{method}: {found['error']['message']}")
        return found["result"]

    def open(self, address: str) -> None:
        self.call("Page.navigate", url=address)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(f"{script}: {found['exceptionDetails']['exception'].get('description')}")
        return found["result"].get("value")

    def wait(self, script: str, seconds: float = 90) -> Any:
        """The value of an expression as soon as it is true, as JSON, in which an element is nothing; raises `TimeoutError`."""
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            if time.monotonic() > end:
                raise TimeoutError(
                    f"{script} is not true after {seconds} s; the page says: {self.run('document.body.innerText')[:2000]}"
                )
            time.sleep(0.05)
        return value

    def type(self, text: str) -> None:
        """Type into the field that has the focus."""
        self.call("Input.insertText", text=text)

    def key(self, key: str) -> None:
        """Press and let go a key, such as n or ArrowRight."""
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def addresses(self) -> list[str]:
        """All that was asked for by the page and its workers so far."""
        self.run("0")
        asked = [event for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in asked]

    def screenshot(self, path: str | Path, whole: bool = False) -> None:
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        Path(path).write_bytes(base64.b64decode(data))
