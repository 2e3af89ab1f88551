"""An OpenAI-compatible server on loopback that misbehaves on demand.

`python fakeserver.py SECONDS` serves good replies after that latency until its standard input ends, for measuring a client from another process."""

import gzip
import json
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def retold(asked: dict) -> str:
    """A good reply: the notes with a sentence in front."""
    return asked["messages"][-1]["content"].split("Notes:\n")[-1].replace("<think>", "<think>\nLet me think.", 1)


class FakeServer:
    """Serves `behave(asked, number) -> (status, body, headers)`; `number` counts the times that this very request has come.

    A body is text, bytes, or pieces that are sent one by one, after which the connection ends; status None cuts it before the answer, a larger Content-Length in the middle.
    `models` is what GET answers in the same form. `latency` is in seconds; `most` is the largest number of requests that were there at once."""

    def __init__(self, behave=None, latency: float = 0.0, models=None):
        self.behave, self.latency = behave or (lambda asked, number: good(asked)), latency
        self.models = models or (200, json.dumps({"object": "list", "data": [{"id": "fake", "object": "model"}]}), {})
        self.seen, self.lock, self.now, self.most, self.busy_s = Counter(), threading.Lock(), 0, 0, 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # as real servers do; else each reply waits 40 ms for an acknowledgement

            def do_GET(self):
                outer.send(self, *outer.models)

            def do_POST(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        class Listener(ThreadingHTTPServer):
            request_queue_size = 128  # two shards knock with all their requests at once

            def handle_error(self, *_):
                pass  # the client has gone, or was thrown out

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
            return reset(handler.connection)
        self.send(handler, status, body, headers)

    def send(self, handler, status: int, body: str | bytes | Iterable[bytes], headers: dict) -> None:
        body = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        length = {"Content-Length": str(len(body))} if isinstance(body, bytes) else {"Connection": "close"}
        handler.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | length | headers).items():
            handler.send_header(name, value)
        handler.end_headers()
        try:
            for piece in [body] if isinstance(body, bytes) else body:
                handler.wfile.write(piece)
        except OSError:
            return  # the client has gone
        if not isinstance(body, bytes) or int(headers.get("Content-Length", len(body))) > len(body):
            handler.close_connection = True
            if isinstance(body, bytes):
                reset(handler.connection)  # cut in mid-answer


def reset(connection) -> None:
    """End a connection as a crashed server does, without a goodbye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)


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


@dataclass(frozen=True)
class Misbehaviour:
    """What a server does instead of a plain answer, and what has to become of the request.

    `answer(text, number)` is what it says where a good server says `text`, at the `number`-th time that this request comes.
    `expected`: `heals` (a reply in the end, with `text` in it unless `gives` says another, or other fields), `refused` (this request has no reply, others have), `ends` (the run ends with
    one line); `says` stands in that line."""

    answer: Callable[[str, int], tuple]
    expected: str = "heals"
    says: str = ""
    gives: dict = field(default_factory=dict)


def misbehaving(name: str, reply: Callable[[dict], str] = retold):
    """The misbehaviour `name` for `FakeServer`, where a good server says `reply(asked)`."""
    return lambda asked, number: MISBEHAVIOURS[name].answer(reply(asked), number)


def once(*answer, times: int = 1):
    """`answer` at the first `times`, then a good one."""
    return lambda text, number: answer if number <= times else (200, completion(text), {})


def always(*answer):
    return lambda text, number: answer


def changed(**changes):
    """A good answer with other fields; those of the choice and the message are found by their names."""

    def answer(text, number):
        body = json.loads(completion(text))
        choice = body["choices"][0]
        for name, value in changes.items():
            part = choice if name == "finish_reason" else choice["message"] if name in MESSAGE else body
            part[name] = value(text) if callable(value) else value
        return 200, json.dumps(body), {}

    return answer


MESSAGE = ("content", "reasoning_content", "reasoning", "thinking", "refusal", "tool_calls")


def without(*names):
    """A good answer without these fields of the message, the choice, or the answer."""

    def answer(text, number):
        body = json.loads(completion(text))
        for name in names:
            for part in (body["choices"][0]["message"], body["choices"][0], body):
                part.pop(name, None)
        return 200, json.dumps(body), {}

    return answer


def error(message: str, **more) -> str:
    """The body of an error."""
    return json.dumps({"error": {"message": message} | more})


def events(text: str, end: str = "data: [DONE]\n\n", finish: str | None = "stop") -> str:
    """A stream of server-sent events, two characters each."""
    deltas = [{"delta": {"content": text[i : i + 2]}} for i in range(0, len(text), 2)]
    chunks = [{"choices": [{"index": 0, **delta}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + end


def drip(body: str, seconds: float) -> Iterator[bytes]:
    """A body byte by byte."""
    for byte in body.encode():
        time.sleep(seconds)
        yield bytes([byte])


def silent(text, number):
    """No answer for longer than a test is ready to wait, the first time."""
    if number == 1:
        time.sleep(1.0)
    return 200, completion(text), {}


def soon(text, number):
    """A date in the header Retry-After, the next full second."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    return (429, "{}", {"Retry-After": date}) if number == 1 else (200, completion(text), {})


def choices(text: str, *others: str, **fields) -> str:
    """A completion with more than one choice."""
    first, *rest = [json.loads(completion(one))["choices"][0] | {"index": i} for i, one in enumerate((text, *others))]
    return completion(text, choices=[first | fields, *rest])


LONG = 50_000_000  # characters of a reply that does not end
PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
MISBEHAVIOURS = {  # by name: for tests of the client, and for whoever tries a command against each of them
    # what may pass
    "429_retry_after": Misbehaviour(once(429, error("slow down"), {"Retry-After": "0.02"}, times=2)),
    "429_retry_after_date": Misbehaviour(soon),
    "429_retry_after_hour": Misbehaviour(once(429, error("slow down"), {"Retry-After": "3600"})),
    "429_retry_after_nonsense": Misbehaviour(once(429, error("slow down"), {"Retry-After": "soon"})),
    "429_per_minute": Misbehaviour(once(429, error("You exceeded your current quota. Please retry in 1 s."), {})),
    "408_once": Misbehaviour(once(408, "", {})),
    "500_once": Misbehaviour(once(500, "oops", {})),
    "502_html_once": Misbehaviour(once(502, PAGE, {"Content-Type": "text/html"})),
    "503_once": Misbehaviour(once(503, error("loading the model"), {})),
    "529_once": Misbehaviour(once(529, error("overloaded", type="overloaded_error"), {})),
    "reset_before": Misbehaviour(once(None, None, None, times=2)),
    "reset_mid_body": Misbehaviour(once(200, completion("half")[:60], {"Content-Length": "5000"})),
    "truncated_json": Misbehaviour(once(200, '{"id": "1", "choices": [', {}, times=2)),
    "timeout_once": Misbehaviour(silent),
    "drip": Misbehaviour(lambda text, n: (200, drip("{" * 999, 0.02), {}) if n == 1 else (200, completion(text), {})),
    "empty_body_once": Misbehaviour(once(200, "", {})),
    "html_200_once": Misbehaviour(once(200, PAGE, {"Content-Type": "text/html"})),
    "gzip_damaged_once": Misbehaviour(once(200, b"\x1f\x8b not gzip", {"Content-Encoding": "gzip"})),
    "deep_json_once": Misbehaviour(once(200, "[" * 100_000, {})),
    "error_object_200_once": Misbehaviour(once(200, error("overloaded", code=502), {})),
    "error_in_choice_once": Misbehaviour(once(200, choices("", error={"code": 502, "message": "gone"}), {})),
    "error_finish_once": Misbehaviour(once(200, completion("half", "error"), {})),
    "empty_choices_once": Misbehaviour(once(200, completion("x", choices=[]), {})),
    "null_choices_once": Misbehaviour(once(200, completion("x", choices=None), {})),
    "missing_choices_once": Misbehaviour(once(200, "{}", {})),
    "null_message_once": Misbehaviour(once(200, completion("x", choices=[{"index": 0, "message": None}]), {})),
    "sse_cut_once": Misbehaviour(once(200, events("half", end="", finish=None), {})),
    # what is only unusual
    "wrong_content_type": Misbehaviour(lambda text, n: (200, completion(text), {"Content-Type": "text/plain"})),
    "gzip_unasked": Misbehaviour(
        lambda text, n: (200, gzip.compress(completion(text).encode()), {"Content-Encoding": "gzip"})
    ),
    "byte_order_mark": Misbehaviour(lambda text, n: (200, "\ufeff" + completion(text), {})),
    "no_content_length": Misbehaviour(lambda text, n: (200, iter([completion(text).encode()]), {})),
    "sse_unasked": Misbehaviour(lambda text, n: (200, events(text), {"Content-Type": "text/event-stream"})),
    "sse_as_json": Misbehaviour(lambda text, n: (200, ": ping\r\n\r\n" + events(text), {})),
    "parts": Misbehaviour(changed(content=lambda text: [{"type": "text", "text": text[:9]}, {"text": text[9:]}])),
    "parts_with_thought": Misbehaviour(
        changed(content=lambda text: [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, text]),
        gives={"reasoning": "Hm."},
    ),
    "reasoning": Misbehaviour(changed(reasoning="Hm."), gives={"reasoning": "Hm."}),
    "reasoning_content": Misbehaviour(changed(reasoning_content="Hm."), gives={"reasoning": "Hm."}),
    "reasoning_only": Misbehaviour(
        changed(content=None, reasoning_content="Hm, first \\boxed{7}", finish_reason="length"),
        gives={"text": "", "reasoning": "Hm, first \\boxed{7}", "finish": "length"},
    ),
    "null_content": Misbehaviour(changed(content=None), gives={"text": ""}),
    "missing_content": Misbehaviour(without("content"), gives={"text": ""}),
    "refusal": Misbehaviour(changed(content=None, refusal="I cannot help."), gives={"text": "I cannot help."}),
    "tool_calls": Misbehaviour(
        changed(content=None, finish_reason="tool_calls"), gives={"text": "", "finish": "tool_calls"}
    ),
    "two_choices": Misbehaviour(lambda text, n: (200, choices(text, "another"), {})),
    "missing_usage": Misbehaviour(without("usage"), gives={"tokens_in": 0, "tokens_out": 0}),
    "null_usage": Misbehaviour(changed(usage=None), gives={"tokens_in": 0, "tokens_out": 0}),
    "string_usage": Misbehaviour(
        changed(usage={"prompt_tokens": "100", "completion_tokens": "50"}), gives={"tokens_in": 100, "tokens_out": 50}
    ),
    "null_finish": Misbehaviour(changed(finish_reason=None), gives={"finish": "stop"}),
    "missing_finish": Misbehaviour(without("finish_reason"), gives={"finish": "stop"}),
    "finish_eos": Misbehaviour(changed(finish_reason="eos"), gives={"finish": "stop"}),
    "finish_end_turn": Misbehaviour(changed(finish_reason="end_turn"), gives={"finish": "stop"}),
    "finish_max_tokens": Misbehaviour(changed(finish_reason="max_tokens"), gives={"finish": "length"}),
    "finish_MAX_TOKENS": Misbehaviour(changed(finish_reason="MAX_TOKENS"), gives={"finish": "length"}),
    "finish_content_filter": Misbehaviour(changed(finish_reason="content_filter"), gives={"finish": "content_filter"}),
    "lone_surrogate": Misbehaviour(
        changed(content=lambda text: "\ud83d" + text), gives={"text": lambda text: "\ufffd" + text}
    ),
    "line_separators": Misbehaviour(
        changed(content=lambda text: "\u2028\u2029\x85\x00\x0c" + text),
        gives={"text": lambda text: "\u2028\u2029\x85\x00\x0c" + text},
    ),
    "broken_utf8": Misbehaviour(
        lambda text, n: (200, completion("?" + text).encode().replace(b'"?', b'"\xff'), {}),
        gives={"text": lambda text: "\ufffd" + text},
    ),
    "redirect_307": Misbehaviour(
        lambda text, n: (307, "", {"Location": "/v1/chat/completions?moved"}) if n == 1 else (200, completion(text), {})
    ),
    "huge": Misbehaviour(
        changed(content=lambda text: text + "x" * LONG), gives={"text": lambda text: text + "x" * LONG}
    ),
    # what is wrong with one request
    "400_context": Misbehaviour(
        always(400, error("This model's maximum context length is 4096 tokens.", code="context_length_exceeded"), {}),
        "refused",
        "maximum context length is 4096",
    ),
    "400_content_filter": Misbehaviour(
        always(400, error("filtered", code="content_filter"), {}), "refused", "content_filter"
    ),
    "403_flagged": Misbehaviour(always(403, error("Your input was flagged"), {}), "refused", "was flagged"),
    "413": Misbehaviour(always(413, PAGE, {}), "refused", "413"),
    "422_detail": Misbehaviour(
        always(422, '{"detail": [{"msg": "top_p is no number"}]}', {}), "refused", "top_p is no number"
    ),
    "500_context": Misbehaviour(
        always(500, error("the request exceeds the available context size"), {}), "refused", "context size"
    ),
    "500_always": Misbehaviour(
        always(500, "oops", {}), "refused", "no answer: 4 requests failed, the last with HTTP 500: 'oops'"
    ),
    "429_always": Misbehaviour(always(429, error("slow down"), {}), "refused", "slow down"),
    "empty_choices": Misbehaviour(always(200, completion("x", choices=[]), {}), "refused", "no choices"),
    "error_object_200": Misbehaviour(always(200, error("something broke"), {}), "refused", "something broke"),
    "loop_307": Misbehaviour(always(307, "", {"Location": "/v1/chat/completions"}), "ends", "sends elsewhere (307)"),
    # what no other request changes
    "401": Misbehaviour(always(401, error("bad key"), {}), "ends", "refuses (401): 'bad key'"),
    "402": Misbehaviour(always(402, error("no credits left"), {}), "ends", "refuses (402): 'no credits left'"),
    "403": Misbehaviour(always(403, error("not for you"), {}), "ends", "refuses (403): 'not for you'"),
    "404": Misbehaviour(always(404, '{"detail": "Not Found"}', {}), "ends", "refuses (404): 'Not Found'"),
    "404_model": Misbehaviour(
        always(404, json.dumps({"object": "error", "message": "The model `x` does not exist.", "code": 404}), {}),
        "ends",
        "The model `x` does not exist.",
    ),
    "400_model": Misbehaviour(always(400, error("Model Not Exist"), {}), "ends", "Model Not Exist"),
    "405_html": Misbehaviour(always(405, PAGE, {"Content-Type": "text/html"}), "ends", "502 Bad Gateway nginx"),
    "429_quota": Misbehaviour(
        always(429, error("You exceeded your current quota", type="insufficient_quota"), {}),
        "ends",
        "exceeded your current quota",
    ),
    "error_402_in_200": Misbehaviour(
        always(200, error("Insufficient credits", code=402), {}), "ends", "Insufficient credits"
    ),
    "html_200": Misbehaviour(
        always(200, PAGE, {"Content-Type": "text/html"}), "ends", "web page '502 Bad Gateway nginx'"
    ),
    "redirect_away": Misbehaviour(
        always(301, "", {"Location": "https://example.org/v1"}), "ends", "to https://example.org/v1"
    ),
}


if __name__ == "__main__":
    with FakeServer(latency=float(sys.argv[1])) as fake:
        print(fake.url, flush=True)
        sys.stdin.read()
