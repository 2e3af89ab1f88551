"""VLMEvalKit: what its class loads from an export, and its verdicts beside ours."""

import ast
import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from fakebook import ENVIRONMENT, MMHELIX, REPO
from PIL import Image
from typer.testing import CliRunner

from mmhelix_nb.benchmark.kit import (
    ALONE,
    DATA_SET,
    DIFFERENCES,
    PAIRED,
    READ,
    TABLE,
    compare_kit,
    export_kit,
)
from mmhelix_nb.benchmark.publish import DATA, Order, build
from mmhelix_nb.benchmark.published import parquet_rows, published_item
from mmhelix_nb.core import make, tasks
from mmhelix_nb.running.cli import app

csv.field_size_limit(10**8)
FEW = Order(("maze", PAIRED, "word_ladder", "shingoki", "eulerian_cycle", "max_flow"), (1, 2), 2, 0, "dark")


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Path:
    """A small benchmark."""
    out = tmp_path_factory.mktemp("kit") / "bench"
    build(out, FEW)
    return out


@pytest.fixture(scope="module")
def folder(bench) -> Path:
    """Its export."""
    return export_kit(bench / DATA, bench.parent / "kit")


def call(*arguments):
    """A command's result."""
    return CliRunner().invoke(app, [*map(str, arguments)])


def table_of(file: Path) -> list[dict]:
    """The rows of a TSV."""
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def write_judged(path: Path, rows: list[dict], replies: list[str], verdicts: list) -> Path:
    """A judged table in the form of the kit."""
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.DictWriter(file, [*rows[0], "prediction", "judge"], delimiter="\t")
        lines.writeheader()
        for row, reply, verdict in zip(rows, replies, verdicts, strict=True):
            lines.writerow(row | {"prediction": reply, "judge": verdict})
    return path


# The export


def test_columns_are_those_that_the_class_wants(folder, bench):
    rows = list(parquet_rows(folder / DATA_SET / "data" / "test-00000-of-00001.parquet", pictures=True))
    assert list(rows[0]) == [
        "id",
        "category",
        "images",
        "question",
        "question_text",
        "answer",
        "metric_info",
        "initial_state",
        "difficulty",
    ]
    table = table_of(folder / TABLE)
    assert list(table[0])[0] == "index" and list(table[0])[-1] == "image_path" and "images" not in table[0]
    assert [row["index"] for row in table] == [row["id"] for row in rows] and len({row["id"] for row in rows}) == len(
        rows
    )
    found = {row["id"]: row for row in parquet_rows(bench / DATA, pictures=True)}
    for row, line in zip(rows, table, strict=True):
        for name in ("category", "question", "question_text", "answer", "metric_info", "initial_state"):
            assert (
                (line[name] or None) == (row[name] or None) == (found[row["id"].removesuffix("_reverse")][name] or None)
            )
        assert published_item(line).check(f"\\boxed{{{line['answer']}}}")


def test_pictures_are_where_the_table_says(folder):
    rows = parquet_rows(folder / DATA_SET / "data" / "test-00000-of-00001.parquet", pictures=True)
    for number, (row, line) in enumerate(zip(rows, table_of(folder / TABLE), strict=True)):
        (path,) = ast.literal_eval(line["image_path"])
        assert Path(path) == folder.resolve() / "images" / "MM-HELIX" / row["category"] / f"{number}_0.png"
        assert Path(path).read_bytes() == row["images"][0]["bytes"]
        Image.open(io.BytesIO(row["images"][0]["bytes"])).verify()


def test_each_isomorphism_row_has_its_partner(folder, bench):
    rows = [
        row
        for row in parquet_rows(folder / DATA_SET / "data" / "test-00000-of-00001.parquet", pictures=True)
        if row["category"] == PAIRED
    ]
    assert len(rows) == 8
    for one, other in zip(rows[::2], rows[1::2], strict=True):
        assert one["question_text"] == other["question_text"] and one["answer"] == other["answer"]
        item = published_item(one)
        turned = [Image.open(io.BytesIO(row["images"][0]["bytes"])) for row in (one, other)]
        assert turned[0].tobytes() == item.picture("dark").tobytes() != turned[1].tobytes()
        assert turned[1].tobytes() == type(item)(PAIRED, None, None, item.state.swapped()).picture("dark").tobytes()
    assert len({row["question_text"] for row in rows}) == 4


def test_datasets_finds_the_folder_before_the_hub(folder):
    asked = f"from datasets import load_dataset; print(load_dataset({DATA_SET!r}, split='test')['id'][0])"
    offline = ENVIRONMENT | {"HF_DATASETS_OFFLINE": "1", "HF_DATASETS_CACHE": str(folder.parent / "cache")}
    done = subprocess.run([sys.executable, "-c", asked], cwd=folder, env=offline, capture_output=True, text=True)
    assert done.stdout.startswith("maze_1_"), done.stderr
    lost = subprocess.run([sys.executable, "-c", asked], cwd=folder.parent, env=offline, capture_output=True, text=True)
    assert lost.returncode and DATA_SET in lost.stderr


def test_export_leaves_other_folders_alone(folder, bench, tmp_path):
    (tmp_path / "README.md").write_text("mine")
    for out, said in (
        (tmp_path, "not empty"),
        (tmp_path / "README.md", "is a file"),
        (tmp_path / "x.tsv", "give a folder such as"),
    ):
        found = call("export", bench, "--to", "vlmevalkit", "--out", out)
        assert found.exit_code == 2 and said in found.output and found.output.count("\n") == 1, found.output
    assert os.listdir(tmp_path) == ["README.md"]
    before = (folder / TABLE).read_bytes()
    assert (
        call("export", bench, "--to", "vlmevalkit", "--out", folder).exit_code == 0
        and (folder / TABLE).read_bytes() == before
    )


def test_the_page_runs_as_written(bench, tmp_path):
    """Its three commands, with a kit that judges every reply right."""
    program = "from pathlib import Path; import csv, os, sys; rows = list(csv.reader(open(os.environ['LMUData'] + '/MM-HELIX.tsv'), delimiter='\\t'))\n"
    program += "model = sys.argv[sys.argv.index('--model') + 1]; out = Path(sys.argv[sys.argv.index('--work-dir') + 1]) / model / 'T1'\n"
    program += "assert sys.argv[1:3] == ['--data', 'MM-HELIX'] and Path('tianhao2k/MM-HELIX').is_dir(); out.mkdir(parents=True)\n"
    program += (
        "table = [[*rows[0], 'prediction', 'judge'], *([*row, row[rows[0].index('answer')], 1] for row in rows[1:])]\n"
    )
    program += "csv.writer((out / f'{model}_MM-HELIX_judged.csv').open('w', newline='')).writerows(table)\n"
    (tmp_path / "a kit").mkdir()
    (tmp_path / "a kit" / "run.py").write_text(program)
    out = export_kit(bench / DATA, tmp_path / "the export")
    page = (out / "README.md").read_text()
    commands = re.search(r"```sh\n(.*?)```", page, re.DOTALL)[1].replace(
        "_judged.xlsx", "_judged.csv"
    )  # the sheet needs openpyxl
    assert len(commands.splitlines()) == 3 and "28 rows" in page and "from 24 puzzles" in page
    shell = (
        "python() { "
        + f'{sys.executable} "$@"; }}; mmhelix() {{ {shlex.join(MMHELIX)} "$@"; }}; KIT=../kit MODEL=some; set -e\n'
    )
    (tmp_path / "kit").symlink_to(tmp_path / "a kit")
    done = subprocess.run(
        ["bash", "-c", shell + commands], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0 and "28 of 28 verdicts agree" in done.stdout, done.stdout + done.stderr


# Verdicts side by side


def test_all_agree(folder, tmp_path):
    rows = table_of(folder / TABLE)
    said = [f"So \\boxed{{{row['answer']}}}" for row in rows]
    report = compare_kit(write_judged(tmp_path / "m_judged.tsv", rows, said, [True] * len(rows)))
    assert (report["rows"], report["agree"], report["differ"], report["disagreements"]) == (28, 28, 0, [])
    found = call("compare-kit", tmp_path / "m_judged.tsv", "--out", tmp_path / "report.json")
    assert found.exit_code == 0 and "28 of 28 verdicts agree" in found.output
    assert json.loads((tmp_path / "report.json").read_text())["tasks"]["maze"]["agree"] == 4


def test_formats_say_the_same(folder, tmp_path):
    rows = table_of(folder / TABLE)
    tsv = write_judged(tmp_path / "m_judged.tsv", rows, ["\\boxed{No}"] * len(rows), [0, 1] * 14)
    wanted, lines = compare_kit(tsv), table_of(tsv)
    (tmp_path / "m_judged.json").write_text(json.dumps([line | {"judge": line["judge"] == "1"} for line in lines]))
    with (tmp_path / "m_judged.csv").open("w", newline="") as file:
        csv.writer(file).writerows([lines[0].keys(), *(line.values() for line in lines)])
    names = ["m_judged.json", "m_judged.csv"]
    if find_spec("openpyxl"):
        import pandas

        pandas.DataFrame(lines).to_excel(tmp_path / "m_judged.xlsx", index=False)
        names.append("m_judged.xlsx")
    for name in names:
        assert compare_kit(tmp_path / name) == wanted, name


def test_differences_are_listed_by_reason(folder, tmp_path):
    rows = table_of(folder / TABLE)
    said = [f"\\boxed{{{'up ' * 50 if row['category'] == 'maze' else row['answer']}}}" for row in rows]
    verdicts = [row["category"] != "max_flow" for row in rows]
    file = write_judged(tmp_path / "m_judged.tsv", rows, said, verdicts)
    report = compare_kit(file)
    assert report["tasks"]["maze"] == {"agree": 0, "differ": 4, "unreadable": 0, "kit": 4, "ours": 0}
    mazes = [line for line in report["disagreements"] if line["task"] == "maze"]
    assert all(
        line["kit"] and not line["ours"] and "no wall ever stops" in line["cause"]
        for line in mazes
        if "wall" in line["reason"]
    )
    flows = [line for line in report["disagreements"] if line["task"] == "max_flow"]
    assert len(flows) == 4 and all(line["ours"] and not line["kit"] and not line["cause"] for line in flows)
    found = call("compare-kit", file)
    assert found.exit_code == 1 and "4 x kit: wrong (no known cause); ours: right" in found.output


def test_pairs_count_as_pairs(folder, tmp_path):
    rows = [row for row in table_of(folder / TABLE) if row["category"] == PAIRED][:2]
    right, wrong = rows[0]["answer"], {"Yes": "No", "No": "Yes"}[rows[0]["answer"]]
    for replies, kit, agree in (
        ((right, right), 1, 2),
        ((right, wrong), 0, 2),
        ((right, wrong), 1, 0),
        ((wrong, wrong), 0, 2),
    ):
        report = compare_kit(write_judged(tmp_path / "m.tsv", rows, [f"\\boxed{{{r}}}" for r in replies], [kit] * 2))
        assert report["agree"] == agree, (replies, kit)
    alone = compare_kit(write_judged(tmp_path / "m.tsv", rows[:1], [f"\\boxed{{{right}}}"], [0]))
    assert [line["cause"] for line in alone["disagreements"]] == [ALONE]


def test_what_the_kit_took_for_the_answer_is_read_beside(folder, tmp_path):
    rows = [row for row in table_of(folder / TABLE) if row["category"] == "max_flow"][:1]
    file = write_judged(tmp_path / "m_judged.tsv", rows, [f"Answer: {rows[0]['answer']}\n"], [0])
    items = [{"index": 0, "prediction": "I think", "score": 0}]
    (tmp_path / "m_detailed_results.json").write_text(json.dumps({"max_flow": {"items": items}}))
    (line,) = compare_kit(file)["disagreements"]
    assert (line["read"], line["cause"]) == ("I think", READ)


def example(task: str, kit: bool, level: int = 2) -> tuple[dict, str]:
    """A row, and a reply that the two judge differently by a known cause."""
    item = next(item for item in (make(task, level, seed) for seed in range(20)) if item.answer != "No")
    row = {
        "category": item.task,
        "question_text": item.question("text"),
        "answer": item.answer,
        "initial_state": json.dumps(item.state.to_official()),
    }
    nodes, loop = item.answer.strip("[]").split(", "), item.answer.split()
    replies = {
        "maze": "up " * 30,
        "word_ladder": f"{item.answer} -> {loop[-1]}",
        "max_flow": f"{item.answer}.",
        "campsite": re.sub(r"^\[(\[\d+, \d+\])", r"[\1, \1", item.answer),
        "nibbles": f"{item.answer} north",
        "eulerian_cycle": f"[{', '.join(nodes[:-1])}]",
        "hamiltonian_path": f"[{', '.join(nodes[::-1])}]",
        "aquarium": item.answer.replace("]", ", (99, 0)]"),
        "wordsearch": re.sub(r"(?m)^(\w+) (\w+)", r"\2 \1", item.answer),
    }
    return row, replies[task]


@pytest.mark.parametrize(
    ("task", "kit", "level", "said"),
    [
        ("maze", True, 2, "no wall ever stops"),
        ("word_ladder", True, 2, "a word come twice"),
        ("hamiltonian_path", True, 3, "where the question wants the path to start"),
        ("aquarium", True, 2, "outside the grid"),
        ("campsite", True, 2, "listed twice"),
        ("nibbles", True, 2, "passes over"),
        ("eulerian_cycle", False, 2, "first node again"),
        ("wordsearch", False, 2, "in this order"),
        ("max_flow", False, 2, "fewer writings"),
    ],
)
def test_known_differences_are_known(tmp_path, task, kit, level, said):
    row, reply = example(task, kit, level)
    report = compare_kit(write_judged(tmp_path / "m.tsv", [row], [f"\\boxed{{{reply}}}"], [kit]))
    (line,) = report["disagreements"]
    assert said in line["cause"], line
    assert any(line["cause"] == known.why for known in DIFFERENCES)


# What is no judged file


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("m.pkl", "x", "cannot be read as .pkl"),
        ("m", "x", "without a suffix"),
        ("m.tsv", "", "is no whole .tsv table"),
        ("m.json", "[1", "is no whole .json table"),
        ("m.json", '{"maze": {"items": [{"index": 0}]}}', "has no column 'category'"),
        ("m.tsv", "index\tprediction\n1\tx\n", "has no column 'category'"),
        ("m.csv", "category,question_text,prediction\nmaze,x,y\n", "has no column 'judge'"),
        ("m.csv", "category,question_text,prediction,judge\n", "holds no rows"),
        (
            "m.csv",
            "category,question_text,prediction,judge\nmaze,x,y,maybe\n",
            "row 1: judge = 'maybe': must be 0 or 1",
        ),
        ("m.xlsx", "x", "m.xlsx: "),
    ],
)
def test_what_is_no_judged_file_is_one_line(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    found = call("compare-kit", tmp_path / name)
    assert found.exit_code == 2 and said in found.output and found.output.count("\n") == 1, found.output


def test_rows_without_a_puzzle_are_counted(tmp_path):
    (tmp_path / "m.csv").write_text("category,question_text,prediction,judge\nmaze,x,y,1\nmazzze,x,y,0\n")
    report = compare_kit(tmp_path / "m.csv")
    assert report["unreadable"] == 2 and call("compare-kit", tmp_path / "m.csv").exit_code == 1


# The kit itself


def checkout() -> Path:
    """A checkout of VLMEvalKit, or the folder of an installed one; skips where there is neither."""
    given, installed = os.environ.get("VLMEVALKIT", ""), find_spec("vlmeval")
    root = Path(given) if given else Path(installed.origin or "").parents[1] if installed else None
    if root is None or not (root / "vlmeval" / "dataset" / "mmhelix.py").is_file():
        pytest.skip("no VLMEvalKit: set VLMEVALKIT to a checkout of open-compass/VLMEvalKit to run its own class")
    return root


@pytest.mark.parametrize("dataset", ["MM-HELIX", "MM-HELIX_lang"])
def test_the_kit_itself(tmp_path, dataset):
    root = checkout()
    build(tmp_path / "bench", Order(tasks(), (1, 2, 3, 4, 5), 1))
    out = export_kit(tmp_path / "bench" / DATA, tmp_path / "kit")
    before, rows = (out / TABLE).read_bytes(), table_of(out / TABLE)
    (tmp_path / "right.json").write_text(json.dumps({row["index"]: f"So \\boxed{{{row['answer']}}}" for row in rows}))
    (tmp_path / "wrong.json").write_text(json.dumps({row["index"]: "So \\boxed{I do not know}" for row in rows}))
    offline = ENVIRONMENT | {
        "HF_DATASETS_OFFLINE": "1",
        "HF_DATASETS_CACHE": str(tmp_path / "cache"),
        "LMUData": str(out.resolve()),
    }
    files = [str(tmp_path / name) for name in ("right.json", "wrong.json")]
    command = [sys.executable, str(REPO / "tests" / "kit_class.py"), str(root), dataset, *files]
    done = subprocess.run(command, cwd=out, env=offline, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (out / TABLE).read_bytes() == before  # the class made the same table
    prompts = json.loads((out / f"{dataset}.prompts.json").read_text())
    for prompt, row in zip(prompts, rows, strict=True):
        words = [part["value"] for part in prompt if part["type"] == "text"]
        pictures = [part["value"] for part in prompt if part["type"] == "image"]
        assert (
            len(words) == 1
            and "\\boxed{}" in words[0]
            and row["question_text" if "lang" in dataset else "question"] in words[0]
        )
        assert pictures == ([] if "lang" in dataset else ast.literal_eval(row["image_path"]))
    for name, right in (("right", len(rows)), ("wrong", 0)):
        (file,) = tmp_path.glob(f"{name}_judged.*")
        report = compare_kit(file)
        assert (report["kit"], report["ours"], report["agree"]) == (right, right, len(rows)), report["disagreements"][
            :3
        ]
