"""The one client of servers: what an evaluation sends and gets, through faults, kills and refusals."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from fakebook import hears_ctrl_c
from fakeserver import LONG, MISBEHAVIOURS, FakeServer, completion, misbehaving
from PIL import Image

from mmhelix_nb import evaluation as ev
from mmhelix_nb.book.rows import make_row
from mmhelix_nb.book.server import BudgetSpent, Client, NoAnswer, Refused, Server, ServerError, complete, for_each
from mmhelix_nb.book.settings import Evaluation

SETTINGS = Evaluation(batch_size=4, max_new_tokens=9, temperature=0.5, top_p=0.9, seed=3)
QUICK = Server("", "fake", concurrency=4, timeout_s=2, retries=3, backoff_s=0.01, longest_pause_s=1.1)


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
            return 401, '{"error": {"message": "not now"}}', {}
        return echo(asked, number)

    down, path = True, tmp_path / "replies.jsonl"
    with FakeServer(echo) as fake:
        whole = ev.ask_server(fake.url, rows(), SETTINGS, tmp_path / "whole.jsonl")
    with FakeServer(moody) as fake:
        with pytest.raises(ServerError, match="401.*not now"):
            ev.ask_server(fake.url, rows(), SETTINGS, path)
        down, before, kept = False, fake.seen.copy(), len(ev.Kept(path).replies)
        assert timeless(ev.ask_server(fake.url, rows(), SETTINGS, path)) == timeless(whole)
        again = {number_in(json.loads(text)) for text in fake.seen if fake.seen[text] > before[text]}
    assert 9 in again and len(again) == 10 - kept  # nobody is asked twice
    assert len(ev.Kept(path).replies) == 10


def test_a_refusal_is_a_reply():
    def picky(asked, number):
        return (400, '{"error": {"message": "too long"}}', {}) if number_in(asked) == 2 else echo(asked, number)

    with FakeServer(picky) as fake:
        replies = ev.ask_server(fake.url, rows(4), SETTINGS)
    judged = ev.judge_replies(rows(4), replies)
    assert [j.ok for j in judged] == [True, True, False, True] and replies[2].finish == ev.REFUSED
    assert (
        judged[2].reason.startswith("refused by the server") and "too long" in judged[2].reason and not judged[2].answer
    )


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

            with pytest.raises(BudgetSpent, match="900 of 900 tokens are used"):
                for_each(client, ask, range(50))
        assert fake.seen.total() == 6


@pytest.mark.parametrize("field, most", [("token_budget", 1000), ("cost_budget", 0.001)])
def test_a_budget_is_overspent_by_one_request_at_most(field, most):
    """Each of 16 threads may get 400 tokens, and gets 150, so that a budget of 1000 is passed by the seventh reply."""
    with FakeServer(lambda a, n: (200, completion("x"), {}), latency=0.02) as fake:
        server = replace(QUICK, url=fake.url, concurrency=16, price_in=1.0, price_out=1.0, **{field: most})
        with Client(server) as client:

            def ask(i):
                return complete(client, said(str(i)), max_tokens=400)

            with pytest.raises(BudgetSpent, match="the budget is spent"):
                for_each(client, ask, range(50))
        assert fake.seen.total() == client.account.replies == 7 and fake.most >= 2
        assert client.account.tokens_in + client.account.tokens_out == 1050


def test_a_budget_holds_at_a_server_that_counts_nothing():
    with FakeServer(lambda a, n: (200, completion("word" * 100, usage=None), {})) as fake:
        with Client(replace(QUICK, url=fake.url, token_budget=1000)) as client, pytest.raises(BudgetSpent):
            for_each(client, lambda i: complete(client, said(f"{i:04}")), range(50))
        assert fake.seen.total() == 10  # of 101 tokens by their length


def said(text: str) -> list[dict]:
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


def asked_text(asked: dict) -> str:
    """What a request says."""
    return asked["messages"][-1]["content"]


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_each_misbehaviour_heals_is_refused_or_ends_the_run(name):
    """One of two requests is answered badly; the other shows whether the run could go on."""
    kind, bad = MISBEHAVIOURS[name], misbehaving(name, asked_text)

    def behave(asked, number):
        return bad(asked, number) if asked_text(asked) == "bad" else (200, completion(asked_text(asked)), {})

    timeout = 0.5 if name in ("timeout_once", "drip") else 30
    with FakeServer(behave) as fake, Client(replace(QUICK, url=fake.url, timeout_s=timeout)) as client:
        if kind.expected == "heals":
            found = complete(client, said("bad"))
            for field, wanted in ({"text": "bad", "finish": "stop", "reasoning": ""} | kind.gives).items():
                assert getattr(found, field) == (wanted("bad") if callable(wanted) else wanted), field
            assert found.text.encode().decode() == found.text
        else:
            with pytest.raises(ServerError) as caught:
                complete(client, said("bad"))
            assert kind.says in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 400
            assert isinstance(caught.value, Refused) == (kind.expected == "refused")
        assert complete(client, said("good")).text == "good"


def test_what_got_no_answer_is_told_by_its_type():
    for answer, kind in {
        (500, "oops"): NoAnswer,
        (400, '{"error": {"message": "no answer: too long"}}'): Refused,
    }.items():
        fake = FakeServer(lambda asked, number, answer=answer: (*answer, {}))
        with fake, Client(replace(QUICK, url=fake.url)) as client, pytest.raises(Refused) as caught:
            complete(client, said("hello"))
        assert type(caught.value) is kind


def test_the_table_of_misbehaviours_is_whole():
    expected = [kind.expected for kind in MISBEHAVIOURS.values()]
    assert len(expected) > 75 and set(expected) == {"heals", "refused", "ends"} and LONG == 50_000_000


def test_what_ends_a_run_ends_it_at_once_and_keeps_what_is_under_way(tmp_path):
    def behave(asked, number):
        if asked_text(asked) == "2":
            return 402, '{"error": {"message": "no credits left"}}', {}
        time.sleep(0.3)
        return 200, completion("x"), {}

    with FakeServer(behave) as fake, Client(replace(QUICK, url=fake.url), tmp_path / "kept.sqlite") as client:
        with pytest.raises(ServerError, match=r"refuses \(402\): 'no credits left'; top up"):
            for_each(client, lambda i: complete(client, said(str(i))), range(50))
        assert client.account.replies == 3 == fake.seen.total() - 1  # those under way came, no other was sent
        assert all(client.cache.get({"model": "fake", "messages": said(str(i))}) for i in (0, 1, 3))


INTERRUPTED = """
import sys, time, threading
from mmhelix_nb.book.server import Client, Server, complete, for_each
with Client(Server(sys.argv[1], "fake", concurrency=4), sys.argv[2]) as client:
    try:
        for_each(client, lambda i: complete(client, [{"role": "user", "content": str(i)}]), range(50))
    except KeyboardInterrupt:
        print(client.account)
time.sleep(0.2)
print([thread for thread in threading.enumerate()[1:] if "tqdm" not in str(thread)])
"""


def test_an_interrupted_run_keeps_what_came_and_leaves_no_thread(tmp_path):
    def behave(asked, number):
        time.sleep(60 if asked_text(asked) == "7" else 0.01 if int(asked_text(asked)) < 7 else 1.2)
        return 200, completion("x"), {}

    with FakeServer(behave) as fake:
        run = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, fake.url, str(tmp_path / "kept.sqlite")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hears_ctrl_c,
        )
        while fake.seen.total() < 11:
            time.sleep(0.01)
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        out, errors = run.communicate(timeout=20)
        assert out == "10 replies, 1,000 tokens in, 500 out\n[]\n" and not errors
        assert time.monotonic() - began < 5
        with Client(Server(fake.url, "fake"), tmp_path / "kept.sqlite") as client:
            assert [complete(client, said(str(i))).cached for i in range(7)] == [True] * 7


def test_samples_are_requests_of_their_own(tmp_path):
    with FakeServer(lambda a, n: (200, completion(f"{n}"), {})) as fake:
        server = replace(QUICK, url=fake.url, extra={"chat_template_kwargs": {"enable_thinking": False}})
        with Client(server, tmp_path / "kept.sqlite") as client:
            first = [complete(client, said("x"), sample=k, seed=7).text for k in range(3)]
            again = [complete(client, said("x"), sample=k, seed=7) for k in range(3)]
            assert complete(client, said("x"), seed=8).text == "1"
        assert first == ["1", "2", "3"] == [one.text for one in again] and all(one.cached for one in again)
        assert {json.loads(sent)["seed"] for sent in fake.seen} == {7, 8}
        assert all(json.loads(sent)["chat_template_kwargs"] == {"enable_thinking": False} for sent in fake.seen)


def test_a_damaged_memory_is_one_line(tmp_path):
    (tmp_path / "kept.sqlite").write_bytes(b"torn" * 1000)
    with pytest.raises(ServerError, match="kept.sqlite: replies cannot be kept there .*move a damaged file away"):
        Client(replace(QUICK, url="http://127.0.0.1:1/v1"), tmp_path / "kept.sqlite")


LISTS = {
    "one": ((200, '{"data": [{"id": "a"}]}', {}), "a"),
    "one in another form": ((200, '{"models": [{"name": "a", "id": null}]}', {}), "a"),
    "several": ((200, '{"data": [{"id": "a"}, {"id": "b"}]}', {}), "offers 2 models; name one with --model: 'a, b'"),
    "many": ((200, json.dumps([f"m{i}" for i in range(300)]), {}), "'m0, m1, m2, m3, m4, m5, m6, m7' and 292 more"),
    "none": ((200, '{"data": []}', {}), "offers no model"),
    "null": ((200, '{"data": null}', {}), "offers no model"),
    "missing": ((404, "not found", {}), "does not list its models; name one with --model"),
    "a page": ((200, "<html>welcome</html>", {}), "does not list its models; name one with --model"),
    "broken": ((500, "oops", {}), "does not list its models"),
    "locked": ((401, '{"error": "who are you?"}', {}), "refuses (401): 'who are you?'"),
}


@pytest.mark.parametrize("form", LISTS)
def test_the_model_is_the_only_one_that_a_server_lists(form):
    answer, wanted = LISTS[form]
    with FakeServer(echo, models=answer) as fake, Client(replace(QUICK, url=fake.url, model="")) as client:
        if len(wanted) == 1:
            assert client.model == wanted
        else:
            with pytest.raises(ServerError) as caught:
                complete(client, said("hello"))
            assert wanted in str(caught.value) and "\n" not in str(caught.value) and not fake.seen

    def behave(asked, number):
        return 200, completion(asked["model"]), {}

    with FakeServer(behave, models=answer) as fake, Client(replace(QUICK, url=fake.url, model="named")) as client:
        assert complete(client, said("hello")).text == "named"


def test_a_server_without_models_is_one_line():
    with FakeServer(models=(200, '{"data": []}', {})) as fake, pytest.raises(ServerError, match="offers no model"):
        ev.ask_server(fake.url, rows(1), SETTINGS)


def test_a_key_goes_along_and_never_to_another_host(monkeypatch):
    keys = []
    monkeypatch.setenv("MMHELIX_API_KEY", " secret\n")
    with FakeServer() as fake, FakeServer() as other:
        answer = fake.answer
        monkeypatch.setattr(fake, "answer", lambda h: keys.append(h.headers["Authorization"]) or answer(h))
        fake.behave = lambda a, n: (307, "", {"Location": other.url.replace("127.0.0.1", "localhost")})
        with Client(replace(QUICK, url=fake.url)) as client, pytest.raises(ServerError, match="sends elsewhere"):
            complete(client, said("hello"))
        assert keys == ["Bearer secret"] and not other.seen
    monkeypatch.setenv("MMHELIX_API_KEY", "two words")
    with pytest.raises(ServerError, match="MMHELIX_API_KEY holds a blank"):
        Client(replace(QUICK, url="http://localhost:1/v1"))


@pytest.mark.parametrize(
    "url", ["", "localhost:8000/v1", "http://", "http://host:port/v1", "http://ho st/v1", "http://[::1/v1"]
)
def test_an_address_of_nonsense_is_one_line(url):
    with pytest.raises(ServerError, match="is no address of a server"):
        Client(replace(QUICK, url=url))


def test_a_server_without_encryption_is_one_line():
    with FakeServer() as fake:
        secure = replace(QUICK, url=fake.url.replace("http:", "https:"))
        with Client(secure) as client, pytest.raises(ServerError, match="cannot be trusted or speaks no https"):
            complete(client, said("hello"))
