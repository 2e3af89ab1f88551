"""An OpenAI-compatible server on loopback that misbehaves on demand.

`python fakeserver.py SECONDS` serves good replies after that latency until its standard input ends, for measuring a client from another process."""

import json
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def retold(asked: dict) -> str:
    """A good reply: the notes with a sentence in front."""
    return asked["messages"][-1]["content"].split("Notes:\n")[-1].replace("<think>", "<think>\nLet me think.", 1)


class FakeServer:
    """Serves `behave(asked, number) -> (status, body or None, headers)`; `number` counts the times that this very request has come.

    `latency` is in seconds; `most` is the largest number of requests that were there at once."""

    def __init__(self, behave=None, latency: float = 0.0):
        self.behave, self.latency = behave or (lambda asked, number: good(asked)), latency
        self.seen, self.lock, self.now, self.most, self.busy_s = Counter(), threading.Lock(), 0, 0, 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # as real servers do; else each reply waits 40 ms for an acknowledgement

            def do_GET(self):
                outer.send(self, 200, json.dumps({"object": "list", "data": [{"id": "fake", "object": "model"}]}), {})

            def do_POST(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        class Listener(ThreadingHTTPServer):
            request_queue_size = 128  # two shards knock with all their requests at once

        self.httpd = Listener(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.httpd.server_port}/v1"

    def __enter__(self):
        threading.Thread(target=self.httpd.serve_forever, args=(0.02,), daemon=True).start()  # seconds between looks
        return self

    def __exit__(self, *_):
        self.httpd.shutdown()
        self.httpd.server_close()

    def answer(self, handler) -> None:
        asked = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self.lock:
            self.seen[json.dumps(asked, sort_keys=True)] += 1
            number = self.seen[json.dumps(asked, sort_keys=True)]
            self.now += 1
            self.most = max(self.most, self.now)
        began = time.monotonic()
        time.sleep(self.latency)
        status, body, headers = self.behave(asked, number)
        with self.lock:
            self.now, self.busy_s = self.now - 1, self.busy_s + time.monotonic() - began
        if status is None:
            return handler.connection.close()
        self.send(handler, status, body, headers)

    def send(self, handler, status: int, body: str, headers: dict) -> None:
        body = body.encode()
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        try:
            handler.wfile.write(body)
        except OSError:
            return  # the client has gone
        if int(headers.get("Content-Length", len(body))) > len(body):
            handler.connection.close()  # cut in mid-answer


def completion(text, finish="stop", **changes) -> str:
    """The body of a chat completion."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
    return json.dumps(
        {"id": "1", "object": "chat.completion", "created": 0, "model": "fake", "choices": [choice], "usage": usage}
        | changes
    )


def good(asked):
    return 200, completion(retold(asked)), {}


if __name__ == "__main__":
    with FakeServer(latency=float(sys.argv[1])) as fake:
        print(fake.url, flush=True)
        sys.stdin.read()
