"""`python -m lmms_eval eval ...` as lmms-eval 0.7.3 answers it, for rows whose place a file of `--include_path` says.

As there, the exit code is 0 whatever happens, an error is a line of the log, and MathVerse leaves its submissions beside the results."""

import argparse
import json
import os
import re
import sys
import urllib.request
from pathlib import Path

import pyarrow.parquet as pq
import yaml

METRICS = {
    "mathvision_test": "mathvision_standard_eval",
    "mathverse_testmini_vision_only": "gpt_eval_score",
    "logicvista_reasoning": "acc_score",
    "wemath_testmini_reasoning": "acc_score",
}


def ask(url: str, model: str, text: str, key: str) -> str:
    """A reply of a model at an OpenAI-compatible server."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": text}]}).encode()
    head = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/chat/completions", body, head)) as answer:
        return json.load(answer)["choices"][0]["message"]["content"]


def right(task: str, row: dict, reply: str) -> float:
    """Whether a reply is right: by the last letter or number in it, or as the judge says."""
    if task.startswith("mathverse"):
        key, model = os.environ["OPENAI_API_KEY"], os.environ.get("MODEL_VERSION", "gpt-4o-2024-11-20")
        try:
            return float(
                ask(os.environ["OPENAI_API_URL"], model, f"You are a strict evaluator. {row['answer']} {reply}", key)
            )
        except OSError:
            print("Error in matching answer")
            return 0.0
    return float(re.findall(r"[A-E]|\d+", reply)[-1:] == [row["answer"]])


def asked(options, model: dict) -> None:
    """Ask one set and write the files of its results."""
    (source,) = Path(options.include_path).glob("*.yaml")
    told = yaml.safe_load(source.read_text())
    assert Path(told["include"]).is_absolute() and told["dataset_path"] == "parquet" and told["task"] == options.tasks
    ((_, file),) = told["dataset_kwargs"]["data_files"].items()
    rows, task = pq.read_table(file).to_pylist(), options.tasks.removeprefix("local_")
    rows = rows[: int(options.limit)] if options.limit else rows
    replies = []
    for row in rows:
        text = str(row.get("question") or row.get("query_wo"))
        key = model.get("api_key") or os.environ["OPENAI_API_KEY"]
        try:
            replies.append(ask(model["base_url"], model["model_version"], text, key))
        except OSError:
            replies.append("")
    scores = [right(task, row, reply) for row, reply in zip(rows, replies)]
    share, metric = sum(scores) / len(scores), METRICS[task]
    values = {
        f"{metric},none": 100 * share if metric.startswith("mathvision") else share,
        f"{metric}_stderr,none": "N/A",
    }
    home = Path(options.output_path) / model["model_version"]
    home.mkdir(parents=True)
    counts = {options.tasks: {"original": len(rows), "effective": len(rows)}}
    found = {"results": {options.tasks: {"alias": options.tasks, **values}}, "n-samples": counts}
    (home / "20260101_000000_results.json").write_text(json.dumps(found))
    lines = [json.dumps({"doc_id": i, "filtered_resps": reply}) for i, reply in enumerate(replies)]
    (home / f"20260101_000000_samples_{options.tasks}.jsonl").write_text("\n".join(lines) + "\n")
    if task.startswith("mathverse"):
        (home.parent / "submissions").mkdir()
        (home.parent / "submissions/mathverse_testmini_results.json").write_text("[]")


parser = argparse.ArgumentParser()
parser.add_argument("eval")
for name in ("model", "model_args", "tasks", "batch_size", "output_path", "limit", "include_path"):
    parser.add_argument(f"--{name}")
parser.add_argument("--log_samples", action="store_true")
given = parser.parse_args(sys.argv[1:])
try:
    asked(given, dict(part.split("=", 1) for part in given.model_args.split(",")))
except Exception as error:  # as lmms-eval does it
    print(f"Error during evaluation: {error!r}. Please set `--verbosity=DEBUG` to get more information.")
