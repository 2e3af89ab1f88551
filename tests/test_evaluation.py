"""Replies, verdicts and summaries: resumed runs, cut-off replies, replies made elsewhere, a whole job."""

import json
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest
from PIL import Image

from mmhelix_nb import evaluation as ev
from mmhelix_nb.book.figures import svg
from mmhelix_nb.book.profiles import Profile
from mmhelix_nb.book.results import Busy, read_results
from mmhelix_nb.book.rows import save_rows
from mmhelix_nb.book.settings import Evaluation
from mmhelix_nb.core import make, pack
from mmhelix_nb.reporting import kept

SETTINGS = Evaluation(batch_size=4, max_new_tokens=8)


def lab_row(i, skill="read", picture=True, **more):
    images = [Image.new("RGB", (28, 28), (i, 0, 0))] if picture else []
    return {
        "images": images,
        "prompt": [{"role": "user", "content": skill}],
        "completion": [],
        "task": f"skill:{skill}",
        "state": "",
        "answer": f"{i}",
        "level": 0,
        "seed": i,
        "modality": "image" if picture else "text",
        **more,
    }


def puzzle_row(seed, kind="image"):
    item = make("binairo", 1, seed)
    return {
        "images": [item.image] if kind == "image" else [],
        "prompt": [{"role": "user", "content": item.question(kind)}],
        "completion": [],
        "task": "binairo",
        "state": pack(item.state),
        "answer": item.answer,
        "level": 1,
        "seed": seed,
        "modality": kind,
    }


def reply_to(row, text, tokens=5, finish="stop", **more):
    return ev.Reply(
        item=ev.item_name(row), prompt_hash=ev.prompt_hash(row), text=text, tokens=tokens, finish=finish, **more
    )


def judged_as(item, category, ok, kind="image"):
    return ev.Judged(
        item=item,
        task=category[0],
        category=category,
        level=1,
        modality=kind,
        ok=ok,
        reason="",
        tokens=1,
        finish="stop",
        prompt_hash="h",
        text="",
    )


class Writer:
    """In place of `generate_batch`: answers each row rightly, notes the batches, and dies at batch `stop_at`."""

    def __init__(self, stop_at=None):
        self.log, self.stop_at = [], stop_at

    def __call__(self, model, processor, batch, settings, seed):
        if seed == self.stop_at:
            raise KeyboardInterrupt
        self.log.append([row["seed"] for row in batch])
        return [reply_to(row, rf"\boxed{{{row['answer']}}} {seed}") for row in batch]


def asked(monkeypatch, writer, rows, path, settings=SETTINGS, samples=1):
    """The verdicts of a model that is loaded here, which `writer` stands for."""
    monkeypatch.setattr(ev, "generate_batch", writer)
    asking = ev.Asking(rows, kept.Kept(path), samples)
    ev.ask_model(SimpleNamespace(eval=lambda: None), None, asking, settings)
    return [replace(judged, seconds=0.0) for judged in asking.tally.all()]


def kept_lines(path):
    """Replies in a file, without what differs from run to run."""
    return sorted(json.dumps(asdict(replace(r, seconds=0.0))) for r in kept.Kept(path).replies.values())


@pytest.mark.parametrize("samples", [1, 3])
def test_killed_run_goes_on_where_it_stopped(tmp_path, monkeypatch, samples):
    rows, path = [lab_row(i) for i in range(10)], tmp_path / "replies.jsonl"
    last = "8/2" if samples == 3 else "8"
    whole = asked(monkeypatch, Writer(), rows, tmp_path / "whole.jsonl", samples=samples)
    with pytest.raises(KeyboardInterrupt):
        asked(monkeypatch, Writer(last), rows, path, samples=samples)
    for log in ([[8, 9]], []):
        writer = Writer()
        assert asked(monkeypatch, writer, rows, path, samples=samples) == whole and writer.log == log
    assert kept_lines(path) == kept_lines(tmp_path / "whole.jsonl") and len(whole) == 10 * samples


@pytest.mark.parametrize("lost", [1, 30, 200, 700])
def test_torn_file_gives_the_same_replies(tmp_path, monkeypatch, lost):
    rows, path = [lab_row(i) for i in range(10)], tmp_path / "replies.jsonl"
    whole = asked(monkeypatch, Writer(), rows, path)
    before = kept_lines(path)
    path.write_bytes(path.read_bytes()[:-lost])
    writer = Writer()
    assert asked(monkeypatch, writer, rows, path) == whole and kept_lines(path) == before
    assert all(batch[0] % 4 == 0 for batch in writer.log)  # the same rows share a batch as before
    assert [p.name for p in tmp_path.iterdir()] == ["replies.jsonl"]


@pytest.mark.parametrize("harm", [b"\0" * 20, b"{", b"[1]", b'{"item": 3}', b"\xff\xfe", b'{"item": "a", "more": 1}'])
def test_a_damaged_line_is_named_kept_and_asked_again(tmp_path, monkeypatch, harm):
    rows, path = [lab_row(i) for i in range(10)], tmp_path / "replies.jsonl"
    whole = asked(monkeypatch, Writer(), rows, path)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:5], harm, *lines[6:]]))
    damaged, found = path.read_bytes(), kept.Kept(path)
    (copy,) = tmp_path.glob("replies.damaged.jsonl.aside-*")
    assert f"{path}: damaged in line 6" in found.note and str(copy) in found.note
    assert copy.read_bytes() == damaged and len(found.replies) == 9
    writer = Writer()
    assert asked(monkeypatch, writer, rows, path) == whole and writer.log == [[4, 5, 6, 7]]
    assert len(path.read_bytes().split(b"\n")) == 11


STRANGE = "a\u2028b\u2029c\x85d\x0be\0f\r\ng\t\u202eh\ufeff \U0001f600 \\n \ud800 end \udc00"


def test_text_of_any_kind_survives(tmp_path):
    path, rows = tmp_path / "replies.jsonl", [lab_row(i) for i in range(3)]
    found = kept.Kept(path)
    for row in rows:
        found.add(reply_to(row, STRANGE))
    again = kept.Kept(path)
    assert not again.note and len(again.replies) == 3 and path.read_bytes().count(b"\n") == 3
    assert {r.text for r in again.replies.values()} == {STRANGE.replace("\ud800", "\ufffd").replace("\udc00", "\ufffd")}


def test_samples_of_a_batch_have_seeds_of_their_own(tmp_path, monkeypatch):
    found = asked(monkeypatch, Writer(), [lab_row(i) for i in range(5)], None, samples=2)
    assert [(j.item[-7:], j.sample, j.text.split()[1]) for j in found][:4] == [
        ("0/image", 0, "0"),
        ("0/image", 1, "0/1"),
        ("1/image", 0, "0"),
        ("1/image", 1, "0/1"),
    ]


GREEDY = kept.made_with("one", SETTINGS)
CHANGES = [
    ("model", kept.made_with("two", SETTINGS)),
    ("temperature", kept.made_with("one", SETTINGS.model_copy(update={"temperature": 0.5}))),
    ("max_new_tokens", kept.made_with("one", SETTINGS.model_copy(update={"max_new_tokens": 9}))),
    ("quantise", kept.made_with("one", SETTINGS, {"quantise": "nf4"}) | {"repetition_penalty": 1.0}),
]


@pytest.mark.parametrize("name, other", CHANGES)
def test_replies_of_other_settings_are_never_deleted(tmp_path, capsys, name, other):
    folder = tmp_path / "out"
    with kept.kept_in(folder, GREEDY) as found:
        found.add(reply_to(lab_row(0), "paid for"))
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}
    with pytest.raises(kept.OtherSettings) as error:
        kept.take_folder(folder, other)
    assert f"{name} = " in str(error.value) or "repetition_penalty" in str(error.value)
    assert "\n" not in str(error.value) and "nothing was changed" in str(error.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"} == before
    with kept.kept_in(folder, other, aside=True) as found:
        assert not found.replies
    (moved,) = tmp_path.glob("out.aside-*")
    assert {path.name: path.read_bytes() for path in moved.iterdir() if path.name != ".lock"} == before
    assert str(moved) in capsys.readouterr().err


@pytest.mark.parametrize("note", [b"", b"[]", b'{"model": ', None])
def test_a_lost_note_is_no_reason_to_delete(tmp_path, note):
    folder = tmp_path / "out"
    with kept.kept_in(folder, GREEDY) as found:
        found.add(reply_to(lab_row(0), "paid for"))
    path = folder / "replies.settings.json"
    path.unlink() if note is None else path.write_bytes(note)
    with pytest.raises(kept.OtherSettings, match="replies.settings.json should say"):
        kept.take_folder(folder, GREEDY)
    assert len(kept.Kept(folder / "replies.jsonl").replies) == 1


def test_other_items_and_greedy_seeds_are_no_other_settings():
    same = {"seed": 3, "items": 5, "modalities": ("text",), "batch_size": 9, "top_p": 0.5}
    assert kept.made_with("one", SETTINGS.model_copy(update=same)) == GREEDY
    drawn = SETTINGS.model_copy(update={"temperature": 0.5})
    assert kept.made_with("one", drawn, {}) != kept.made_with("one", drawn.model_copy(update={"batch_size": 9}), {})
    assert kept.made_with("one", drawn) == kept.made_with("one", drawn.model_copy(update={"batch_size": 9}))


def test_two_at_once_are_told(tmp_path):
    with kept.kept_in(tmp_path, GREEDY), pytest.raises(Busy, match=f"an evaluation in {tmp_path} is at work already"):
        kept.take_folder(tmp_path, GREEDY)


def test_other_prompts_are_asked_again(tmp_path, monkeypatch):
    rows, path, writer = [lab_row(i) for i in range(8)], tmp_path / "r.jsonl", Writer()
    asked(monkeypatch, writer, rows, path)
    asked(monkeypatch, writer, [*rows[:5], lab_row(5, picture=False), lab_row(6, skill="rows"), rows[7]], path)
    assert writer.log[2:] == [[4, 5, 6, 7]] and len(kept.Kept(path).replies) == 10  # the old ones too


def test_prompt_hash_sees_text_and_pixels():
    row = lab_row(1)
    assert ev.prompt_hash(row) == ev.prompt_hash(lab_row(1, answer="other"))
    assert len({ev.prompt_hash(r) for r in (row, lab_row(1, skill="rows"), lab_row(2), lab_row(1, picture=False))}) == 4


@pytest.mark.parametrize(
    "text, finish, ok, reason",
    [
        (r"\boxed{7}", "stop", True, "equals the stored answer"),
        (r"\boxed{7}. I hope this hel", "length", True, "equals the stored answer"),
        (r"\boxed{7} and more and mo", "length", False, ev.CUT),
        (r"\boxed{7} and more and mo", "stop", True, "equals the stored answer"),
        (r"\boxed{7}. Wait, that is wrong, si", "MAX_TOKENS", False, ev.CUT),
        ("<think>seven is", "length", False, ev.CUT),
        ("so it is 7", "length", False, ev.CUT),
        ("Answer: 7", "length", False, ev.CUT),
        (r"<think>x</think>\boxed{7", "length", False, ev.CUT),
        ("<think>seven is", "stop", False, "the reply is cut off in mid-thought: <think> is never closed"),
        ("", "stop", False, "the reply is empty"),
        ("", "length", False, ev.CUT),
        (r"\boxed{8}", "length", False, "differs from the stored answer"),
    ],
)
def test_verdicts(text, finish, ok, reason):
    found = ev.verdict_on(lab_row(7), text, finish)
    assert (found.ok, found.reason) == (ok, reason)


def judged_sample():
    rows = (
        [lab_row(i) for i in range(4)] + [puzzle_row(i) for i in range(3)] + [puzzle_row(i, "text") for i in range(2)]
    )
    texts = [rf"\boxed{{{row['answer']}}}" if i % 2 == 0 else "<think>" for i, row in enumerate(rows)]
    replies = [reply_to(r, t, 9, "stop" if "boxed" in t else "length") for r, t in zip(rows, texts)]
    return rows, replies


def test_summary():
    rows, replies = judged_sample()
    summary = ev.summarise(ev.judge_replies(rows, replies))
    image, text = summary["modality"]["image"], summary["modality"]["text"]
    assert (image["general"]["skill"]["read"]["right"], image["general"]["skill"]["read"]["cut_off"]) == (2, 0.5)
    assert (image["puzzles"]["micro"]["n"], image["puzzles"]["micro"]["right"], image["puzzles"]["macro"]) == (
        3,
        2,
        pytest.approx(2 / 3),
    )
    assert "general" not in text and text["puzzles"]["task"]["binairo"]["n"] == 2
    assert (
        summary["items"]["binairo/image"]["right"] == "101" and summary["items"]["skill:read/image"]["right"] == "1010"
    )
    assert image["puzzles"]["micro"]["low"] < 2 / 3 < image["puzzles"]["micro"]["high"]
    assert "cut off" in ev.accuracy_table(summary) and "macro" not in ev.accuracy_table(summary)


def test_micro_and_macro_differ():
    judged = [judged_as(str(i), "puzzles", i < 1) for i in range(9)]
    judged += [judged_as("x", "games", True)]
    one = ev.summarise(judged)["modality"]["image"]["puzzles"]
    assert one["micro"]["accuracy"] == 0.2 and one["macro"] == pytest.approx((1 / 9 + 1) / 2)
    assert "macro mean over 2 categories" in ev.accuracy_table(ev.summarise(judged))


def test_figure_has_a_row_for_each_name_and_a_dot_for_each_modality():
    rows, replies = judged_sample()
    figure = ev.accuracy_figure(ev.summarise(ev.judge_replies(rows, replies)), "a < b")
    (panel,) = figure.panels
    assert panel.rows == ("binairo", "read") and [s.name for s in panel.series] == ["image", "text"]
    assert panel.x_label == "% right, n = 2 to 4 each" and [len(s.x) for s in panel.series] == [2, 1]
    assert "a &lt; b" in svg(figure) and svg(figure).count("<circle") == 3 + 2  # and two in the key


def test_score_file(tmp_path):
    item, path = make("binairo", 2, 5), tmp_path / "r.jsonl"
    state, official = pack(item.state), item.state.to_official()
    lines = [
        {"task": "binairo", "state": state, "answer": item.answer, "reply": item.answer, "level": 2, "seed": 5},
        {
            "task": "binairo",
            "state": state,
            "answer": item.answer,
            "response": "<think>",
            "finish_reason": "MAX_TOKENS",
            "modality": "text",
        },
        {
            "category": "binairo",
            "initial_state": json.dumps(official),
            "question_text": "?",
            "answer": "",
            "prediction": rf"\boxed{{{item.answer}}}",
        },
    ]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    summary, judged = ev.score_file(path)
    assert [j.ok for j in judged] == [True, False, True] and judged[1].reason == ev.CUT
    assert (
        summary["modality"]["image"]["puzzles"]["micro"]["right"] == 2
        and summary["modality"]["text"]["puzzles"]["micro"]["right"] == 0
    )


@pytest.mark.parametrize(
    "line, what",
    [
        ("not json", "Expecting value"),
        ("[1]", "no JSON object"),
        ('{"state": "x"}', "'task'"),
        ('{"category": "chess", "initial_state": []}', "unknown"),
        ('{"task": "skill:read", "state": "", "answer": "1"}', "no text under"),
        ('{"task": "skill:read", "state": "", "answer": "1", "reply": 3}', "no text under"),
        ('{"task": "binairo", "state": "not packed", "answer": "1", "reply": "0"}', "r.jsonl:1"),
        ('{"task": "binairo", "state": "{\\"grid\\": []}", "reply": "0"}', "field 'state': "),
        ('{"task": ["maze"], "state": "", "reply": "0"}', "'task'"),
        (
            '{"task": "skill:read", "state": "", "reply": "1", "tokens": Infinity}',
            "field 'tokens' must be a whole number",
        ),
        ('{"task": "skill:read", "state": "", "reply": "1", "level": [1]}', "field 'level' must be a whole number"),
        ('{"task": "skill:read", "state": "", "reply": "1", "question": [1]}', "field 'question' must be a text"),
        ('{"task": "skill:read", "state": "", "reply": "1", "prompt": [{"role": "user"}]}', "field 'prompt' must be"),
        ('{"task": "skill:read", "state": "", "reply": "1", "modality": ["text"]}', "field 'modality' must be"),
        ("[" * 100_000, "not JSON that can be read"),
    ],
)
def test_score_file_names_the_line(tmp_path, line, what):
    (tmp_path / "r.jsonl").write_text(line + "\n")
    with pytest.raises(ValueError, match="r.jsonl:1") as error:
        ev.score_file(tmp_path / "r.jsonl")
    assert what in str(error.value)
    (tmp_path / "r.jsonl").write_text("")
    with pytest.raises(ValueError, match="no replies"):
        ev.score_file(tmp_path / "r.jsonl")


def test_score_file_reads_what_others_write(tmp_path):
    """A byte order mark, no number of tokens, messages as a prompt; a file in another encoding is named."""
    line = {"task": "skill:read", "state": "", "answer": "1", "reply": r"\boxed{1}", "tokens": None, "seed": 2.0}
    prompt = [{"role": "user", "content": [{"type": "text", "text": "?"}]}]
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps({**line, "prompt": prompt}), encoding="utf-8-sig")
    _, (judged,) = ev.score_file(path)
    assert (judged.ok, judged.tokens, judged.item) == (True, 0, "skill:read/None/2/image")
    path.write_text(json.dumps(line), encoding="utf-16")
    with pytest.raises(ValueError, match="r.jsonl: not a text file in UTF-8"):
        ev.score_file(path)


def test_chosen_takes_even_distances():
    names = ["binairo"] * 100 + ["skill:read"] * 10
    got = ev.chosen(names, ["image"] * 110, SETTINGS.model_copy(update={"items": 4, "general_items": 5}))
    assert got == [0, 25, 50, 75, 100, 102, 104, 106, 108]
    assert len(ev.chosen(names, ["image"] * 110, SETTINGS)) == 110
    assert ev.chosen(names, ["text"] * 110, SETTINGS) == []


def write_lab(runs, name="tiny"):
    """Held-out and training rows of a lab under `runs`, as the chapter on experts leaves them."""
    folder = runs / name / "base"
    save_rows(
        [puzzle_row(i) for i in range(6)]
        + [lab_row(i, s) for s in ("read", "flip") for i in range(5)]
        + [puzzle_row(0, "text")],
        folder / "heldout.parquet",
    )
    save_rows([puzzle_row(9), lab_row(8, "flip")], folder / "rl.parquet")


def test_lab_rows_and_practised_skills(tmp_path):
    write_lab(tmp_path)
    book = Profile(name="tiny", model={"name": "mini"})
    few = SETTINGS.model_copy(update={"items": 3, "general_items": 2, "modalities": ("image", "text")})
    rows = ev.profile_rows(book, few, tmp_path)
    assert [ev.item_name(rows[i]) for i in range(len(rows))] == [
        "binairo/1/0/image",
        "binairo/1/2/image",
        "binairo/1/4/image",
        "skill:read/0/0/image",
        "skill:read/0/2/image",
        "skill:flip/0/0/image",
        "skill:flip/0/2/image",
        "binairo/1/0/text",
    ]
    assert ev.practised_skills(book, tmp_path) == ["flip"]
    with pytest.raises(FileNotFoundError, match="base"):
        ev.profile_rows(Profile(name="other", model={"name": "mini"}), SETTINGS, tmp_path)


def test_whole_job_twice_gives_the_same_bytes(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    models = pytest.importorskip("mmhelix_nb.training.models")
    torch.set_num_threads(1)
    write_lab(tmp_path / "runs")
    processor = models.build_processor(models.build_tokenizer(["read flip 0123456789 \\boxed{}"] * 2))
    asked = []
    monkeypatch.setattr(
        ev,
        "read_profile",
        lambda name, overrides=(): Profile(
            name="tiny",
            model={"name": "mini"},
            evaluation={"batch_size": 4, "max_new_tokens": 4, "items": 2, "general_items": 2},
        ),
    )
    monkeypatch.setattr(
        ev, "load_named", lambda name, book: asked.append(name) or (models.build_mini(processor), processor)
    )
    folders = tmp_path / "runs", tmp_path / "reports"
    summary, judged = ev.run_evaluation("tiny", "ahpo", *folders)
    path = tmp_path / "reports/tiny/evaluation-ahpo/results.json"
    first = path.read_bytes()
    assert asked == [str(tmp_path / "runs/tiny/ahpo-ahpo/model")] and len(judged) == 6
    results = read_results(path)["results"]
    assert results["practised"] == ["flip"] and set(results["items"]) == {
        "binairo/image",
        "skill:flip/image",
        "skill:read/image",
    }
    assert (path.parent / "accuracy.svg").read_text().startswith("<svg")
    (tmp_path / "runs/tiny/evaluation-ahpo/replies.jsonl").unlink()
    ev.run_evaluation("tiny", "ahpo", *folders)
    assert path.read_bytes() == first
    assert all("image_pad" not in j.text for j in judged)


def test_image_tokens_are_never_written():
    torch = pytest.importorskip("torch")
    models = pytest.importorskip("mmhelix_nb.training.models")
    torch.set_num_threads(1)
    processor = models.build_processor(models.build_tokenizer(["read 0123456789"] * 2))
    model = models.build_mini(processor)
    banned = set(pytest.importorskip("mmhelix_nb.training.families").vision_tokens(model.config))
    model.lm_head.weight.data[list(banned)] *= 50  # a model that would love to
    settings = SETTINGS.model_copy(update={"max_new_tokens": 6, "temperature": 1.0})
    inputs = ev.encode(processor, [lab_row(0), lab_row(1, picture=False)], model.device)
    out = model.generate(**inputs, **ev.generation_options(model, settings))[:, inputs["input_ids"].shape[1] :]
    assert len(banned) >= 3 and not banned & set(out.flatten().tolist())
    one, two = (ev.generate_batch(model, processor, [lab_row(0), lab_row(1)], settings, seed=s) for s in "aa")
    assert one == two and ev.generate_batch(model, processor, [lab_row(0), lab_row(1)], settings, seed="b") != one


def test_padding_does_not_change_a_greedy_reply():
    pytest.importorskip("torch")
    models = pytest.importorskip("mmhelix_nb.training.models")
    processor = models.build_processor(models.build_tokenizer(["read the rows 0123456789"] * 2))
    model = models.build_mini(processor)
    rows = [lab_row(0), lab_row(1, "read the rows of the grid and then read them again"), lab_row(2, picture=False)]
    together = ev.generate_batch(model, processor, rows, SETTINGS)
    assert together == [ev.generate_batch(model, processor, [row], SETTINGS)[0] for row in rows]


def test_settings_are_plain():
    assert json.dumps(ev.settings_of(Profile()).model_dump(mode="json"))
    assert ev.settings_of(Profile(seed=4)).seed == 4
