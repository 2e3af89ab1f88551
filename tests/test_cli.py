"""The command line: quick, without torch, and every mistake is one line with exit code 2."""

import json
import os
import re
import subprocess
import sys

import pytest
from fakebook import MMHELIX, make_book
from typer.testing import CliRunner

from mmhelix_nb import __version__
from mmhelix_nb.running.cli import app


def call(*arguments):
    """Exit code and output of a command, in this process."""
    found = CliRunner().invoke(app, list(arguments))
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.exit_code, found.output


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


HEAVY = "'torch', 'transformers', 'trl', 'datasets', 'pandas', 'plotly', 'networkx', 'papermill', 'snakemake'"


def test_import_is_light():
    assert python(f"import sys, mmhelix_nb; print([m for m in ({HEAVY}) if m in sys.modules])").strip() == "[]"


def test_runner_and_cli_import_without_heavy_libraries():
    assert (
        python(
            f"import sys, mmhelix_nb.running.runner, mmhelix_nb.running.cli; print([m for m in ({HEAVY}) if m in sys.modules])"
        ).strip()
        == "[]"
    )


def test_help_loads_nothing_heavy_and_teaches():
    shown = python(
        f"import sys; from mmhelix_nb.running.cli import app; app(['--help'], standalone_mode=False); print([m for m in ({HEAVY}) if m in sys.modules])"
    )
    assert shown.splitlines()[-1] == "[]"
    for command in ("run", "plan", "generate", "export", "verify", "eval", "serg", "verify-dataset", "publish"):
        assert command in shown
        code, text = call(command, "--help")
        assert code == 0 and "Examples" in text and f"mmhelix {command}" in text


def test_help_without_torch():
    block = "import sys; sys.modules['torch'] = None; from mmhelix_nb.running.cli import app; app(['run', '--help'])"
    assert "Examples" in python(block)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("run", "--profile", "mimi"), "did you mean mini?"),
        (("run", "--cores", "0"), "--cores 0: must be at least 1"),
        (("run", "--executor", "pbs"), "--executor pbs: must be local or slurm"),
        (("run", "--root", "nowhere"), "--root nowhere: no such folder"),
        (("run", "--profile", "nowhere/mine.yaml"), "--profile nowhere/mine.yaml: no such file"),
        (("run", "--profile", "reports"), "runs/reports holds something else"),
        (("generate", "--out", ""), "--out: is empty"),
        (("export", "bench", "--to", "published", "--out", ""), "--out: is empty"),
        (("eval", "a/b", "--out", " "), "--out: is empty"),
        (("generate", "--out", "x", "--levels", "0-9"), "levels are 1 to 5"),
        (("generate", "--out", "x", "--levels", "two"), "must look like 1,2 or 1-5"),
        (("generate", "--out", "x", "--levels", "5-1"), "--levels 5-1: 5-1 must rise"),
        (
            ("serg", "--n", "1", "--out", "x", "--picture"),
            "--picture: is said of a model that polishes; add --polish URL",
        ),
        (("serg", "--n", "1", "--out", "x", "--again"), "--again: is said of a model that polishes; add --polish URL"),
        (("serg", "--n", "1", "--out", "x", "--attempts", "5"), "--attempts: is said of a model that polishes"),
        (("serg", "--profile", "paper", "--seed", "0"), "--seed: the profile says that"),
        (("verify", "no_such_task", "x"), "is unknown"),
        (("verify", "nowhere.jsonl"), "nowhere.jsonl: no such file"),
        (("eval", "nowhere"), "no such folder"),
        (("serg", "--n", "1", "--out", "x", "--price", "2"), "--price 2: must be two prices"),
        (("serg", "--n", "1", "--out", "x", "--cost-budget", "5"), "--cost-budget 5: needs --price"),
        (("serg", "--n", "1", "--out", "x", "--levels", "1,2"), "must be paper, or five weights"),
        (("verify-dataset", "nowhere.parquet"), "nowhere.parquet: no such file or folder"),
        (("eval", "a/b", "--profile", "mimi"), "did you mean mini?"),
    ],
)
def test_bad_input_is_one_line(arguments, said):
    code, output = call(*arguments)
    assert code == 2 and output.startswith("Error: ") and said in output and output.count("\n") == 1


def test_unknown_chapter_and_broken_profile(tmp_path):
    root = make_book(tmp_path / "book")
    code, said = call("run", "--profile", "tiny", "--root", str(root), "--only", "sergg")
    assert code == 2 and "--only sergg: no such job in profile tiny; there are: " in said and "generators" in said
    (root / "profiles/tiny.yaml").write_text("ahpo: {learning_rat: 1e-5}")
    code, said = call("run", "--profile", "tiny", "--root", str(root))
    assert (
        code == 2
        and said == "Error: profiles/tiny.yaml:1: ahpo.learning_rat: unknown key; did you mean learning_rate?\n"
    )
    (tmp_path / "far.yaml").write_text("sft: {steps: ten}")
    code, said = call("run", "--profile", str(tmp_path / "far.yaml"), "--root", str(root))
    assert code == 2 and "far.yaml:1: sft.steps" in said and said.count("\n") == 1


def test_missing_chapter(tmp_path):
    root = make_book(tmp_path / "book")
    (root / "nbs/30_serg.ipynb").unlink()
    code, said = call("run", "--profile", "tiny", "--root", str(root))
    assert code == 2 and said == "Error: nbs/30_serg.ipynb: missing, but job serg needs it\n"


def test_missing_plugin(tmp_path, monkeypatch):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name.startswith("snakemake_executor") else find(name, *a)
    )
    code, said = call("run", "--profile", "tiny", "--root", str(make_book(tmp_path / "book")), "--executor", "slurm")
    assert code == 2 and "pip install 'mmhelix_nb[cluster]'" in said


def test_dry_run_shows_the_plan_and_runs_nothing(tmp_path):
    root = make_book(tmp_path / "book")
    code, said = call("run", "--profile", "tiny", "--root", str(root), "--dry-run")
    assert code == 0 and said.count("would run") == 10 and "ahpo-grpo" in said
    assert not (root / "runs").exists()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    root = make_book(tmp_path / "book")
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: mode != os.W_OK)  # tests may run as root, who may write anywhere
        code, said = call("run", "--profile", "tiny", "--root", str(root))
    assert code == 2 and said == f"Error: {root}: cannot be written; --root names another folder to work in\n"
    (root / "runs").write_text("a file")
    code, said = call("run", "--profile", "tiny", "--root", str(root))
    assert code == 2 and said.startswith(f"Error: {root / 'runs'}") and said.count("\n") == 1


def test_attention_that_needs_a_library_of_its_own(tmp_path):
    root = make_book(tmp_path / "book", profile="model: {attention: flash_attention_2}\n")
    code, said = call("run", "--profile", "tiny", "--root", str(root))
    assert code == 2 and "pip install flash-attn --no-build-isolation" in said and said.count("\n") == 1
    assert call("run", "--profile", "tiny", "--root", str(root), "--dry-run")[0] == 0  # may be planned anywhere


def test_version():
    code, said = call("--version")
    assert code == 0 and re.fullmatch(
        rf"mmhelix_nb {re.escape(__version__)}( \(commit [0-9a-f]{{12}}(\+dirty)?\))?\n", said
    )


BAD_ROWS = {
    "not json": ("{", ":1: not JSON"),
    "brackets in brackets": ("[" * 100_000, ":1: not JSON that can be read"),
    "an endless number": ('{"seed": ' + "7" * 5_000 + "}", ":1: not JSON that can be read"),
    "a list": ("[]", ":1: must be an object"),
    "no seed": ('{"task": "maze", "level": 1, "reply": ""}', ":1: seed is missing"),
    "level is a word": (
        '{"task": "maze", "level": "two", "seed": 0, "reply": ""}',
        ':1: level = "two": must be a whole number',
    ),
    "level 7": ('{"task": "maze", "level": 7, "seed": 0, "reply": ""}', ":1: level = 7: must be 1 to 5"),
    "reply is null": ('{"task": "maze", "level": 1, "seed": 0, "reply": null}', ":1: reply = null: must be a text"),
    "unknown task": ('{"task": "mase", "level": 1, "seed": 0, "reply": ""}', ":1: task 'mase' is unknown"),
}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_bad_rows(tmp_path, kind):
    line, said = BAD_ROWS[kind]
    path = tmp_path / "replies.jsonl"
    path.write_text(line + "\n")
    code, output = call("verify", str(path))
    assert code == 2 and said in output and output.count("\n") == 1


def test_verify_right_and_wrong(tmp_path):
    from mmhelix_nb import make

    item = make("maze", level=1, seed=0)
    right = f"so \\boxed{{{item.answer}}}"
    assert call("verify", "maze", right) == (0, "right\n")
    code, said = call("verify", "maze", "\\boxed{}")
    assert code == 1 and said.startswith("wrong: ")
    rows = [{"task": "maze", "level": 1, "seed": 0, "reply": reply} for reply in (right, "no idea")]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    code, said = call("verify", str(tmp_path / "r.jsonl"))
    assert code == 1 and '"ok": true' in said and '"ok": false' in said and "1 of 2 right" in said


def test_verify_reads_any_text(tmp_path):
    """A line ends at a newline only, and what cannot be printed is printed escaped."""
    row = {"task": "h_index", "level": 1, "seed": 0, "reply": "a\u2028b\x85c\x00 \\boxed{9}"}
    lines = json.dumps(row, ensure_ascii=False) + "\n" + json.dumps(row | {"reply": "\ud800 \\boxed{\ud800}"})
    (tmp_path / "r.jsonl").write_text(lines, encoding="utf-8")
    code, said = call("verify", str(tmp_path / "r.jsonl"))
    assert code == 1 and "0 of 2 right" in said
    said = subprocess.run([*MMHELIX, "verify", "h_index", "-"], input=b"\xff \\boxed{1}", capture_output=True)
    assert said.returncode == 1 and said.stdout.startswith(b"wrong: ") and not said.stderr
    (tmp_path / "r.jsonl").write_text("\n")
    code, said = call("verify", str(tmp_path / "r.jsonl"))
    assert code == 2 and "holds no replies" in said
