"""Rows of other people: damaged ones are refused by field and value, those in the columns of MM-HELIX-100K are judged by their response."""

import json
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from mmhelix_nb.benchmark.published import RESPONSES, judge_row, published_row, rows_from, verify_rows
from mmhelix_nb.book.rows import item_of
from mmhelix_nb.core import TASKS, from_official, make, pack, tasks
from mmhelix_nb.running.cli import app

JUNK = (
    None,
    True,
    -1,
    0,
    3,
    10**12,
    1.5,
    float("nan"),
    "",
    "x",
    "No",
    "1,2",
    "9" * 40,
    [],
    [[]],
    [1],
    ["a"],
    [None],
    [[1, "x"], [2]],
    {},
    {"a": 1},
    "A|B\nC",
    "| |1|\n|2|",
)


def damaged(value, rng: Random, depth: int = 0):
    """`value` with one part of it replaced, left out, doubled or renamed."""
    kind = rng.random()
    if kind < 0.25 or depth > 5 or not value:
        return rng.choice(JUNK)
    if isinstance(value, (dict, list)):
        value = value.copy()
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        if kind < 0.4:
            del value[key]
        elif kind < 0.5 and isinstance(value, list):
            value.insert(key, value[key])
        elif kind < 0.5:
            value[f"{key}x"] = value.pop(key)
        else:
            value[key] = damaged(value[key], rng, depth + 1)
        return value
    if isinstance(value, str):
        at = rng.randrange(len(value))
        return value[:at] + (rng.choice("x 0|\n,9") if kind < 0.6 else "") + value[at + (kind < 0.8) :]
    return rng.choice((value + 1, -value, value * 1000, str(value), float(value)))


@pytest.mark.parametrize("task", tasks())
def test_damaged_rows_raise_nothing_but_value_errors(task):
    refused = 0
    for number in range(80):
        rng, item = Random(f"{task}/{number}"), make(task, 1 + number % 2, number % 3)
        text, state = item.question("text"), item.state.to_official()
        if state is None or number % 3 == 0:
            text = damaged(text, rng)
        else:
            state = damaged(state, rng)
        try:
            other = from_official({"category": task, "initial_state": state, "question_text": text})
        except ValueError as error:
            refused += 1
            assert str(error)
            continue
        for answer in (item.answer, "No"):
            assert other.check(answer).reason  # whatever was read can be judged
    assert refused


@pytest.mark.parametrize("task", tasks())
def test_damaged_states_raise_nothing_but_value_errors(task):
    """A row of ours that somebody else wrote is refused by its field, or can be shown, asked and judged."""
    refused = 0
    for number in range(12):
        rng, item = Random(f"{task}/state/{number}"), make(task, 1 + number % 5, number % 3)
        row = {"task": TASKS[task].published, "level": item.level, "seed": item.seed, "state": pack(item.state)}
        assert item_of(row).state == item.state and item_of(row).task == task
        try:
            other = item_of({**row, "state": json.dumps(damaged(json.loads(row["state"]), rng))})
        except ValueError as error:
            refused += 1
            assert str(error).startswith("field 'state'") and "\n" not in str(error)
            continue
        assert other.check(item.answer).reason and other.picture() and other.question("text")
    assert refused > 5
    for another in (make("maze", 1, 0), make("binairo", 1, 0), make("h_index", 1, 0)):
        if another.task != task and task not in ("sokoban", "longest_increasing_subsequence"):
            with pytest.raises(ValueError, match="field 'state'"):
                item_of({**row, "state": pack(another.state)})


def as_100k(task: str, reply: str) -> dict:
    """An item in the columns of MM-HELIX-100K, `reply` being what the language model said."""
    item = make(task, 1, 0)
    state = item.state.to_official()
    texts = {
        "question": item.question("image"),
        "answer": item.answer,
        "initial_state": state if isinstance(state, str) else json.dumps(state),
        "cot": "First,\n...",
        "Qwen3_235B": reply,
    }
    return {
        "task": task,
        "level": 1,
        "category": task,
        **{name: text.replace("\n", "\\n") for name, text in texts.items()},
    }  # line breaks stand as two characters


@pytest.mark.parametrize("task", tasks())
def test_the_response_is_judged_and_not_the_stored_answer(task):
    kind, reason = judge_row(
        as_100k(task, f"<think>\nHm.\n</think>\n\n\\boxed{{{make(task, 1, 0).answer}}}"), "Qwen3_235B"
    )
    if task in ("max_flow", "shortest_distance_weighted", "graph_isomorphism"):
        assert kind == "stored"
    elif task == "snake":
        assert kind == "unreadable" and "question_text" in reason  # its counts stand in the text form alone
    else:
        assert kind == "right", reason
    assert judge_row(as_100k(task, "<think>\nHm.\n</think>\n\nI give up."), "Qwen3_235B")[0] in ("wrong", "unreadable")


def test_report_counts_each_kind(tmp_path):
    rows = [
        as_100k(task, reply)
        for task in ("maze", "max_flow")
        for reply in (f"\\boxed{{{make(task, 1, 0).answer}}}", "\\boxed{77}")
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    report = verify_rows(tmp_path)
    assert (report["rows"], report["right"], report["stored"]) == (4, 1, 1)
    assert report["tasks"]["maze"]["wrong"] == report["tasks"]["max_flow"]["wrong"] == 1
    assert verify_rows(tmp_path, "answer")["right"] == 2  # the stored answers themselves


SHARED = Path(__file__).resolve().parents[2] / "shared" / "conformance"
WRITTEN = {  # what becomes of a text on its way through other people's tools
    "escaped": lambda text: text.replace("\n", "\\n"),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "escaped CRLF": lambda text: text.replace("\n", "\\r\\n"),
    "repr": repr,
    "repr of repr": lambda text: repr(repr(text)),
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "JSON without its quotes": lambda text: json.dumps(text)[1:-1],
}
LISTED = {
    "a list of lines": lambda text: text.split("\n"),
    "a list as text": lambda text: repr([text]),
    "lines as text": lambda text: json.dumps(text.split("\n")),
}


def same_puzzle(row: dict) -> int:
    """How many writings of a published row were read to the same puzzle: all."""
    state, text, wanted = row["initial_state"], row["question_text"], from_official(row).state
    for name, write in (WRITTEN | LISTED).items():
        as_text = state if isinstance(state, str) else json.dumps(state)
        written = write(as_text) if state is not None and name in WRITTEN else state
        found = from_official({**row, "initial_state": written, "question_text": write(text) if text else text})
        assert found.state == wanted, (row["category"], name, text)
    return len(WRITTEN | LISTED)


@pytest.mark.parametrize("task", tasks())
def test_a_row_is_read_however_it_was_written(task):
    for level in (1, 3):
        row = published_row(make(task, level, level))
        assert from_official(row).state == make(task, level, level).state
        assert same_puzzle(row)


@pytest.mark.parametrize("name", ["rows_full.jsonl", "rows.jsonl"])
def test_published_rows_are_read_however_they_were_written(name):
    if not (SHARED / name).exists():
        pytest.skip("no conformance rows beside the repository")
    rows = [json.loads(line) for line in (SHARED / name).read_text(encoding="utf-8").split("\n") if line]
    print(f"{name}: {sum(map(same_puzzle, rows)):,} writings of {len(rows)} rows read to the same puzzles")


def test_stored_answers_of_full_rows_are_right():
    if not (SHARED / "rows_full.jsonl").exists():
        pytest.skip("no conformance rows beside the repository")
    rows = list(rows_from(SHARED / "rows_full.jsonl"))
    wrong = [row for row in rows if judge_row(row, "answer")[0] != "right"]
    assert len(rows) > 100
    assert all(row["answer"] == row["initial_state"] for row in wrong), wrong  # one row stores the puzzle unsolved


def maze_rows(*responses) -> list[dict]:
    """Rows with the columns of a data set of responses, and the stored answer besides."""
    row = published_row(make("maze", 1, 0))
    return [
        {"category": "maze", "initial_state": row["initial_state"], "answer": row["answer"], "response": text}
        for text in responses
    ]


def test_no_response_is_no_stored_answer(tmp_path):
    """The column is chosen once: a row without a response is counted as such."""
    right = make("maze", 1, 0).answer
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, maze_rows(None, right, "", "up"))))
    report = verify_rows(tmp_path)
    assert (report["column"], report["right"], report["empty"], report["wrong"]) == ("response", 1, 2, 1)


@pytest.mark.parametrize("name", [name for name in RESPONSES if name != "answer"])
def test_rows_before_the_first_response_choose_nothing(tmp_path, name):
    """Replies are judged under any of their names, and not the stored answers, whatever the first rows lack."""
    (bare,), (full,) = maze_rows(None), maze_rows("up")
    del bare["response"]
    rows = [{"id": 1}, bare, {**bare, "category": "h_index"}, {**bare, name: None}, {**bare, name: full["response"]}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    report = verify_rows(tmp_path)
    assert [report[key] for key in ("column", "rows", "right", "wrong", "empty")] == [name, 5, 0, 1, 4]
    assert report["tasks"]["h_index"] == {"empty": 1, "reasons": {f"the row has no response in {name!r}": 1}}
    assert verify_rows(tmp_path, "answer")["right"] == 3


def test_known_wrong_replies_are_wrong():
    if not (SHARED / "wrong.jsonl").exists():
        pytest.skip("no conformance rows beside the repository")
    report = verify_rows(SHARED / "wrong.jsonl")
    assert (report["column"], report["right"], report["rows"] > 80) == ("reply", 0, True)


def test_stored_answers_are_said_to_be_judged(tmp_path):
    (row,) = maze_rows("up")
    (tmp_path / "rows.jsonl").write_text(json.dumps({"said": row.pop("response"), **row}))
    words = ["verify-dataset", str(tmp_path / "rows.jsonl")]
    assert "1 of 1 rows are right by column 'answer'; these are the stored" in CliRunner().invoke(app, words).output
    assert "these are" not in CliRunner().invoke(app, [*words, "--column", "answer"]).output
    assert "0 of 1 rows are right by column 'said'\n" in CliRunner().invoke(app, [*words, "--column", "said"]).output


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "tsv", "parquet", "saved", "bom"])
def test_rows_come_from_any_usual_file(tmp_path, kind):
    import pandas

    rows, path = maze_rows(None, make("maze", 1, 0).answer + " \u2028 \x85"), tmp_path / f"rows.{kind}"
    if kind in ("csv", "tsv"):
        pandas.DataFrame(rows).to_csv(path, sep="," if kind == "csv" else "\t", index=False)
    elif kind == "parquet":
        pandas.DataFrame(rows).to_parquet(path)
    elif kind == "saved":
        from datasets import Dataset

        Dataset.from_list(rows).save_to_disk(path)
    elif kind == "json":
        path.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    else:
        path = tmp_path / "rows.jsonl"
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        path.write_text(lines, encoding="utf-8-sig" if kind == "bom" else "utf-8")
    assert list(rows_from(path)) == rows


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.jsonl", b"", "holds no rows"),
        ("empty.parquet", b"", "damaged, cannot be read as Parquet"),
        ("cut.parquet", b"PAR1" + bytes(40), "damaged, cannot be read as Parquet"),
        ("cut.json", b'[{"category": "maze"}, ', "line 1: not JSON"),
        ("second.jsonl", b'{"category": "maze", "answer": "up"}\n{"catego', "line 2: not JSON"),
        ("latin.jsonl", b'{"category": "\xe9"}', "not a text file in UTF-8"),
        ("long.csv", b"category,answer\nmaze,up,down\n", "line 2: more fields than names"),
        ("deep.jsonl", b"{}\n" + b"[" * 100_000, "line 2: not JSON that can be read .brackets"),
        ("deep.json", b"[" * 100_000, "line 1: not JSON that can be read .brackets"),
        ("big.jsonl", b'{"seed": ' + b"7" * 5_000 + b"}", "line 1: not JSON that can be read .a number"),
        ("quote.csv", b'category,response,answer\nmaze,"abc,x\nmaze,b,c\n', "line 2: no row of a table"),
        ("torn.tsv", b'category\tresponse\nmaze\tup\nmaze\t"up\ndo', "line 3: no row of a table"),
        ("head.csv", b'category,"response\nmaze,up\n', "line 1: no row of a table"),
        ("mid.csv", b'category,response\nmaze,"a,b\nmaze,"c",d\n', "line 2: no row of a table"),
        ("rows.xlsx", b"PK", "a file of this kind is not read"),
        ("none.csv", b"id,category\n1,maze\n", "no column holds responses; the columns are id, category"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=said) as found:
        verify_rows(tmp_path / name)
    assert "\n" not in str(found.value) and name in str(found.value) or "columns" in said


def test_a_long_field_of_a_table_is_read(tmp_path):
    """VLMEvalKit's tables hold pictures in base64 beside the texts."""
    (tmp_path / "rows.tsv").write_text("category\timage\tprediction\nmaze\t" + "A" * 300_000 + '\t"a ""b""\nc"\n')
    (row,) = rows_from(tmp_path / "rows.tsv")
    assert row == {"category": "maze", "image": "A" * 300_000, "prediction": 'a "b"\nc'}


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_path_is_not_this_folder(tmp_path, monkeypatch, empty):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, maze_rows("up"))))
    for words in (
        ["verify-dataset", empty],
        ["compare", empty, "b"],
        ["compare", "a", empty],
        ["compare-kit", empty],
        ["publish", empty],
        ["watch", empty],
        ["leaderboard", empty],
        ["export", empty, "--to", "published", "--out", "rows.parquet"],
    ):
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 2 and "is empty" in done.output and done.output.count("\n") == 1, words
    assert CliRunner().invoke(app, ["verify-dataset", "."]).exit_code == 1  # a wrong reply, found here
