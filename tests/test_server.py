"""The one client of servers: what an evaluation sends and gets, through faults, kills and refusals."""

import json
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from fakeserver import FakeServer, completion
from PIL import Image

from mmhelix_nb import evaluation as ev
from mmhelix_nb.book.results import read_curve
from mmhelix_nb.book.rows import make_row
from mmhelix_nb.book.server import BudgetSpent, Client, Refused, Server, ServerError, complete, for_each
from mmhelix_nb.book.settings import Evaluation

SETTINGS = Evaluation(batch_size=4, max_new_tokens=9, temperature=0.5, top_p=0.9, seed=3)
QUICK = Server("", "fake", concurrency=4, timeout_s=2, retries=3, backoff_s=0.01)


def rows(n: int = 10) -> list:
    """Rows about the numbers from 0, with a picture each."""
    return [
        make_row("skill:read", "", str(i), f"say {i}", picture=Image.new("RGB", (28, 28), (i, 0, 0)), level=4, seed=i)
        for i in range(n)
    ]


def number_in(asked: dict) -> int:
    """The number that a request is about."""
    return int(asked["messages"][-1]["content"][-1]["text"].split()[-1])


def echo(asked, _number):
    return 200, completion(f"\\boxed{{{number_in(asked)}}}"), {}


def timeless(replies) -> list:
    """Replies without what differs from run to run."""
    return [replace(reply, seconds=0.0) for reply in replies]


def test_what_an_evaluation_sends(tmp_path):
    with FakeServer(echo) as fake:
        replies = ev.ask_server(f"{fake.url}/", rows(), SETTINGS, tmp_path / "replies.jsonl")
    sent = sorted(map(json.loads, fake.seen), key=number_in)
    for number, asked in enumerate(sent):
        picture, text = asked.pop("messages")[0]["content"]
        assert picture["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
        assert text == {"type": "text", "text": f"say {number}"}
        assert asked == {"model": "fake", "max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "seed": 3}
    assert [(reply.text, reply.tokens, reply.finish) for reply in replies] == [
        (f"\\boxed{{{i}}}", 50, "stop") for i in range(10)
    ]
    assert all(judged.ok for judged in ev.judge_replies(rows(), replies)) and fake.most <= 4


def test_a_cut_off_reply_says_so():
    with FakeServer(lambda asked, number: (200, completion("I think", "length"), {})) as fake:
        replies = ev.ask_server(fake.url, rows(1), SETTINGS)
    assert replies[0].finish == "length" and ev.judge_replies(rows(1), replies)[0].reason == ev.CUT


def test_faults_and_kills_change_nothing(tmp_path):
    def moody(asked, number):
        if number_in(asked) % 3 == 0 and number < 2:
            return 503, '{"error": "starting"}', {"Retry-After": "0.01"}
        if number_in(asked) == 9 and down:
            return 400, '{"error": {"message": "not now"}}', {}
        return echo(asked, number)

    down, path = True, tmp_path / "replies.jsonl"
    with FakeServer(echo) as fake:
        whole = ev.ask_server(fake.url, rows(), SETTINGS, tmp_path / "whole.jsonl")
    with FakeServer(moody) as fake:
        with pytest.raises(Refused, match="HTTP 400.*not now"):
            ev.ask_server(fake.url, rows(), SETTINGS, path)
        down, before = False, set(fake.seen)
        assert timeless(ev.ask_server(fake.url, rows(), SETTINGS, path)) == timeless(whole)
        again = {text for text in fake.seen if text not in before or fake.seen[text] > 2}
    assert timeless(ev.Reply(**line) for line in read_curve(path)) == timeless(whole)
    assert {number_in(json.loads(text)) for text in again} <= {8, 9}  # the batch that was lost


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_hopeless_code_ends_the_run_at_once(code):
    with FakeServer(lambda asked, number: (code, '{"error": {"message": "no"}}', {})) as fake:
        with pytest.raises(ServerError, match=f"refuses .{code}.*check the address"):
            ev.ask_server(fake.url, rows(40), SETTINGS)
        time.sleep(0.2)
        assert fake.seen.total() <= 8  # those under way


def test_the_pause_that_a_server_asks_for_is_kept():
    with FakeServer(lambda a, n: (429, "{}", {"Retry-After": "0.7"}) if n == 1 else echo(a, n)) as fake:
        began = time.monotonic()
        ev.ask_server(fake.url, rows(1), SETTINGS)
    assert 0.7 <= time.monotonic() - began < 3


def test_results_come_in_order_and_the_first_error_ends_all():
    with FakeServer() as fake, Client(replace(QUICK, url=fake.url)) as client:
        assert for_each(client, lambda i: time.sleep(0.01 * (5 - i % 5)) or i, range(20)) == list(range(20))
        started = []
        with pytest.raises(ZeroDivisionError):
            for_each(client, lambda i: started.append(i) or time.sleep(0.01) or 1 // (i - 5), range(1000))
        time.sleep(0.1)
        assert len(started) < 20


def test_the_budget_bounds_what_is_sent():
    with FakeServer(lambda a, n: (200, completion("x"), {}), latency=0.02) as fake:
        with Client(replace(QUICK, url=fake.url, token_budget=900)) as client:  # 150 tokens a request

            def ask(i):
                return complete(client, [{"role": "user", "content": str(i)}])

            with pytest.raises(BudgetSpent, match="900 tokens is spent"):
                for_each(client, ask, range(50))
        assert 6 <= fake.seen.total() <= 6 + QUICK.concurrency


def test_a_server_without_models_is_one_line(monkeypatch):
    with FakeServer() as fake:
        monkeypatch.setattr(fake, "send", lambda handler, *_: FakeServer.send(fake, handler, 200, '{"data": []}', {}))
        with pytest.raises(ServerError, match="offers no model"):
            ev.ask_server(fake.url, rows(1), SETTINGS)


def test_without_the_package_the_remedy_is_named():
    code = (
        "import sys; sys.modules['openai'] = None\n"
        "from mmhelix_nb.book.server import Client, Server, ServerError\n"
        "try: Client(Server('http://localhost:8000/v1'))\n"
        "except ServerError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "asking http://localhost:8000/v1 needs openai: pip install 'mmhelix_nb[serg]'\n"
