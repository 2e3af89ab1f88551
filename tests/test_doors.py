"""The doors to other people's toolboxes, each gone through once without a network; one whose package is missing is skipped, and says so."""

import base64
import json
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
from fakeserver import FakeServer

from mmhelix_nb import tasks


def needed(package: str, where: str = "make doors-test"):
    """The package behind a door; skips with a notice where it is not installed."""
    return pytest.importorskip(package, reason=f"{package} is not installed: {where} brings it")


# TRL: a whole step of its trainer, whose model says what this test tells it to say


def call(answer: str) -> str:
    """A call of the tool in the form of Qwen's chat template."""
    told = json.dumps({"name": "submit", "arguments": {"answer": answer}})
    return f"<tool_call>\n{told}\n</tool_call><|im_end|>"


def trained(tmp_path, monkeypatch, replies):
    """GRPO on one maze, two rollouts that say `replies[turn][rollout]`; returns trainer, environments and all that was told to them."""
    torch, trl = needed("torch", "make test"), needed("trl", "make test")
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    from transformers import Qwen3Config, Qwen3ForCausalLM
    from trl.chat_template_utils import qwen3_chat_template

    from mmhelix_nb.doors.trl_environment import PuzzleEnvironment, environment_rows
    from mmhelix_nb.training.models import build_tokenizer

    tokenizer = build_tokenizer(["<tool_call> </tool_call>"])
    tokenizer.chat_template = qwen3_chat_template
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    sizes |= {"num_key_value_heads": 2, "head_dim": 16, "vocab_size": len(tokenizer)}
    torch.manual_seed(0)
    model = Qwen3ForCausalLM(Qwen3Config(**sizes, pad_token_id=tokenizer.pad_token_id, max_position_embeddings=8192))
    rows = environment_rows(["maze"], levels=(1,), count=1, tries=2)
    options = {
        "max_completion_length": 4000,
        "num_generations": 2,
        "per_device_train_batch_size": 2,
        "max_steps": 1,
        "logging_steps": 1,
    }
    options |= {"use_cpu": True, "bf16": False, "report_to": [], "disable_tqdm": True, "save_strategy": "no"}
    config = trl.GRPOConfig(str(tmp_path), **options)
    made = {"model": model, "processing_class": tokenizer, "args": config, "train_dataset": rows}
    trainer = trl.GRPOTrainer(**made, environment_factory=PuzzleEnvironment)
    turn, heard = count(), []

    def say(prompt_ids, *_arguments, **_more):
        heard.extend(tokenizer.decode(ids) for ids in prompt_ids)
        said = replies(rows[0]["answer"])[next(turn)]
        return [tokenizer(text)["input_ids"] for text in said], None

    monkeypatch.setattr(trainer, "_generate_single_turn", say)
    trainer.train()
    return trainer, heard


def test_trl_trains_on_second_tries(tmp_path, monkeypatch):
    """One rollout mends its answer after the verdict, the other does not: rewards 1 and 0, and weights that move."""
    done = "I am done.<|im_end|>"
    turns = lambda gold: [[call("up " * 30)] * 2, [call(gold), call("sideways")], [done, done]]  # noqa: E731
    trainer, heard = trained(tmp_path, monkeypatch, turns)
    assert "submit" in heard[0] and "Tries: 2." in heard[0]  # the tool and the question
    assert "Wrong: move" in heard[2] and "Tries left: 1." in heard[2]  # what comes back after the first try
    assert "Right: " in heard[4] and "Tries left: 0." in heard[5]
    log = trainer.state.log_history[0]
    assert log["rewards/PuzzleEnvironment/mean"] == 0.5 and log["tools/failure_frequency"] == 0
    assert log["grad_norm"] > 0


def test_trl_reads_the_tool():
    needed("transformers", "make test")
    from transformers.utils import get_json_schema

    from mmhelix_nb.doors.trl_environment import PuzzleEnvironment

    told = get_json_schema(PuzzleEnvironment().submit)["function"]
    assert told["name"] == "submit" and told["parameters"]["required"] == ["answer"]


def test_trl_takes_every_right_answer():
    needed("datasets", "make test")
    from mmhelix_nb.doors.trl_environment import PuzzleEnvironment, environment_rows

    environment = PuzzleEnvironment()
    rows = environment_rows(tasks(), levels=(2,), count=1)
    for row in rows:
        environment.reset(**row)
        assert "Tries left: 2" in environment.submit("?") and environment.get_reward() == 0
        environment.submit(row["answer"])
        assert environment.get_reward() == 1, row["task"]
    assert len(rows) == 42


# reasoning-gym


def test_reasoning_gym_has_all_tasks():
    """Every data set accepts its own answers, refuses another's and no answer, and gives the same entries again."""
    needed("reasoning_gym")
    from reasoning_gym.factory import DATASETS, create_dataset, has_curriculum

    import mmhelix_nb.doors.reasoning_gym_sets  # noqa: F401

    names = [name for name in DATASETS if name.startswith("mmhelix_")]
    assert names == [f"mmhelix_{task}" for task in tasks()] and all(map(has_curriculum, names))
    for name in names:
        data = create_dataset(name, seed=3, size=2, max_level=2)
        again = create_dataset(name, seed=3, size=9, max_level=2)
        for index, entry in enumerate(data):
            assert entry == again[index] and entry["metadata"]["source_dataset"] == name
            assert data.score_answer(entry["answer"], entry) == 1.0, name
            assert data.score_answer("?", entry) == data.score_answer(None, entry) == 0.0


def test_reasoning_gym_mixes_and_climbs():
    needed("reasoning_gym")
    from reasoning_gym.coaching.curriculum_config import CurriculumAttributeConfig, CurriculumExperimentConfig
    from reasoning_gym.coaching.experiment import CurriculumExperiment
    from reasoning_gym.composite import CompositeConfig, CompositeDataset, DatasetSpec

    import mmhelix_nb.doors.reasoning_gym_sets  # noqa: F401

    specs = [DatasetSpec(name, 1, {}) for name in ("mmhelix_maze", "mmhelix_h_index")]
    mixed = CompositeDataset(CompositeConfig(size=6, seed=1, datasets=specs))
    found = [*mixed]
    assert {entry["metadata"]["source_dataset"] for entry in found} == {"mmhelix_maze", "mmhelix_h_index"}
    assert all(mixed.score_answer(entry["answer"], entry) == 1 for entry in found)
    level = CurriculumAttributeConfig(attribute_levels={"level": 3}, weight=1.0)
    config = CurriculumExperimentConfig(curricula={"mmhelix_maze": level})
    climbed = CurriculumExperiment("climb", config, size=12, seed=1)
    reached = climbed.composite.datasets["mmhelix_maze"].config
    assert (reached.min_level, reached.max_level) == (1, 4)
    levels = {climbed.composite[i]["metadata"]["difficulty"]["level"] for i in range(12)}  # of a seed that is drawn
    assert levels <= {1, 2, 3, 4}


# inspect-ai


def answers_by_question(names, modality: str = "text") -> dict[str, str]:
    """The answers that a server of these tests knows."""
    from mmhelix_nb.generators import benchmark

    return {item.question(modality): item.answer for item in benchmark((1,), 1, 0, names)}


def known_model(known: dict[str, str], heard: list):
    """A model of Inspect that answers what it knows, else goes right; counts tokens without asking the network."""
    from inspect_ai.model import ModelAPI, ModelOutput, get_model, modelapi

    @modelapi("knowing")
    class Knowing(ModelAPI):
        async def generate(self, input, tools, tool_choice, config):
            heard.append(input[-1])
            answer = next((known[one] for one in known if one in input[-1].text), "right")
            return ModelOutput.from_content(self.model_name, f"\\boxed{{{answer}}}")

        async def count_tokens(self, input, config=None):
            return 1

    return get_model("knowing/answers", memoize=False)


@pytest.mark.parametrize("modality", ["text", "image"])
def test_inspect_scores_with_reasons(tmp_path, modality):
    """Two puzzles, one of which the model knows: scores, reasons, answers, means by category; a picture where there is to be one."""
    inspect_ai = needed("inspect_ai")
    from mmhelix_nb.doors.inspect_task import mmhelix

    heard = []
    model = known_model(answers_by_question(["h_index"], modality), heard)
    task = mmhelix(["h_index", "maze"], levels=1, modality=modality)
    (log,) = inspect_ai.eval(task, model=model, log_dir=str(tmp_path), display="none")
    assert log.status == "success", log.error
    scores = {sample.metadata["task"]: sample.scores["follows_rules"] for sample in log.samples}
    assert {name: score.value for name, score in scores.items()} == {"h_index": "C", "maze": "I"}
    assert scores["maze"].answer == "right" and scores["maze"].explanation.startswith("move ")
    metrics = {name: one.value for found in log.results.scores for name, one in found.metrics.items()}
    assert (metrics["accuracy"], metrics["games"], metrics["algorithms"]) == (0.5, 0, 1)
    kinds = [part.type for part in heard[0].content]
    assert kinds == (["image", "text"] if modality == "image" else ["text"])


def test_inspect_finds_the_task_by_its_name():
    """The entry point that the package brings; it is there where the package is installed, and not only on the path."""
    needed("inspect_ai")
    from importlib.metadata import entry_points

    (entry,) = entry_points(group="inspect_ai", name="mmhelix_nb")
    assert entry.load().mmhelix(["maze"], levels="1").dataset[0].metadata["level"] == 1


# verifiers


def ran(*command, cwd) -> str:
    """What a command prints; fails with all it said where it fails."""
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def lines_of(folder: Path, name: str) -> list[dict]:
    """The lines of the only file `name` below a folder."""
    (file,) = folder.rglob(name)
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_verifiers_validates_every_task(tmp_path):
    """verifiers' own check, which needs no model: the stored answers are right, silence is not."""
    needed("verifiers")
    options = ("--taskset.levels", "[1]", "--runtime.type", "subprocess", "--rich", "False", "-o", tmp_path)
    ran("vf-validate", "mmhelix_taskset", *options, cwd=tmp_path)
    found = lines_of(tmp_path, "results.jsonl")
    assert len(found) == 42 and {row["reason"] for row in found} == {"valid"}
    assert all(row["valid"] for row in found)


def streamed(text: str) -> tuple:
    """A chat completion as the events of a stream, which verifiers asks for."""
    head = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "fake"}
    parts = [({"role": "assistant", "content": text}, None), ({}, "stop")]
    chunks = [head | {"choices": [{"index": 0, "delta": delta, "finish_reason": end}]} for delta, end in parts]
    chunks.append(head | {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}})
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    return 200, body, {"Content-Type": "text/event-stream"}


def test_verifiers_evaluates_a_server(tmp_path, monkeypatch):
    """vf-eval against a server on loopback that knows one of two answers: rewards, and the reason of the verdict in the trace."""
    needed("verifiers")
    if not shutil.which("uv"):
        pytest.skip("uv is not installed, by which verifiers' harness gets what it needs: make doors-test brings it")
    monkeypatch.setenv("NO_KEY", "none")
    from mmhelix_nb.doors.numbered import numbered

    item, heard = numbered("h_index", 1, 0), []

    def reply(asked, _number):
        heard.append(asked["messages"][-1]["content"])
        text = next(part["text"] for part in heard[-1] if part["type"] == "text")
        answer = item.answer if item.question("image") in text else "right"
        return streamed(f"\\boxed{{{answer}}}")

    options = ["--model", "fake", "--client.api-key-var", "NO_KEY", "--push", "False"]
    options += ["--env.agent.harness.id", "null", "--env.agent.runtime.type", "subprocess", "-r", "1", "-o", tmp_path]
    options += ["--env.taskset.names", '["h_index", "maze"]', "--env.taskset.levels", "[1]"]
    with FakeServer(reply) as server:
        ran("vf-eval", "mmhelix_taskset", "--client.base-url", server.url, *options, cwd=tmp_path)
    assert {part["type"] for part in heard[0]} == {"image_url", "text"}
    told = json.dumps(lines_of(tmp_path, "traces.jsonl"))
    assert "move 1 (right)" in told and item.module.check(item.state, item.answer).reason in told


# OpenEnv: a server in a process of its own, and its clients


def answering(url: str, process: subprocess.Popen, wait_s: float = 120.0) -> None:
    """Wait until a server answers; fails where its process has ended, or the time is over."""
    end = time.monotonic() + wait_s
    while time.monotonic() < end and process.poll() is None:
        try:
            urlopen(f"{url}/health", timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"no server at {url}; its exit code: {process.poll()}")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The address of the server of puzzles, and the file that holds what it says."""
    needed("openenv")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("openenv") / "log.txt"
    command = [sys.executable, "-m", "mmhelix_nb.doors.openenv_server", "--port", str(port)]
    with log.open("w") as said, subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT) as process:
        try:
            answering(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}", log
        finally:
            process.terminate()


def test_openenv_tells_why_and_lets_try_again(served):
    """OpenEnv's own client: picture and question, a wrong answer and its reason, the right one and its reward; another session goes on as it was."""
    from openenv import GenericEnvClient

    from mmhelix_nb.doors.numbered import numbered
    from mmhelix_nb.shared.raster import picture_file

    maze, hanoi = numbered("maze", 2, 7), numbered("hanoi", 1, 0, "test")
    with GenericEnvClient(served[0]).sync() as first, GenericEnvClient(served[0]).sync() as second:
        shown = first.reset(task="maze", level=2, index=7).observation
        other = second.reset(task="hanoi", level=1, index=0, split="test", modality="text", tries=2).observation
        assert base64.b64decode(shown["picture"]) == picture_file(maze.picture())
        assert shown["prompt"].startswith(maze.question("image")) and shown["tries_left"] == 3
        assert other["prompt"].startswith(hanoi.question("text")) and other["picture"] == ""
        wrong = first.step({"answer": "right right right"})
        assert (wrong.reward, wrong.done, wrong.observation["tries_left"]) == (0, False, 2)
        assert wrong.observation["feedback"] == "Wrong: move 2 (right) runs into a wall. Tries left: 2."
        right = first.step({"answer": f"Now I see. \\boxed{{{maze.answer}}}"})
        assert (right.reward, right.done) == (1, True) and right.observation["feedback"].startswith("Right: ")
        after = first.step({"answer": maze.answer})
        assert (after.reward, after.done) == (0, True)  # what an episode earns is counted once
        assert first.state()["solved"] and first.state()["step_count"] == 3
        assert second.state()["tries_left"] == 2 and second.state()["task"] == "hanoi"
        assert [second.step({"answer": ""}).done for _ in range(2)] == [False, True]  # no answer is a wrong one
        assert second.step({"answer": hanoi.answer}).observation["feedback"] == "No try is left."


def test_openenv_says_what_was_asked_wrongly(served):
    """One line by WebSocket and by HTTP, no traceback, and the puzzle before goes on."""
    from openenv import GenericEnvClient

    url, log = served
    resets = {"level = 9: ": {"level": 9}, "did you mean 'maze'?": {"task": "maize"}, "levle is unknown": {"levle": 1}}
    resets |= {"index = 3: needs a task": {"index": 3}, "style 'sepia' is unknown": {"style": "sepia"}}
    steps = {"answer is missing": {}, "answer = 3: ": {"answer": 3}, "x is unknown": {"answer": "up", "x": 1}}

    with GenericEnvClient(url).sync() as client:
        told = [("no puzzle yet", pytest.raises(RuntimeError, client.step, {"answer": "up"}))]
        client.reset(seed=7)
        told += [(said, pytest.raises(RuntimeError, client.reset, **asked)) for said, asked in resets.items()]
        told += [(said, pytest.raises(RuntimeError, client.step, action)) for said, action in steps.items()]
        assert client.state()["seed"] == 7 and client.step({"answer": "?"}).observation["tries_left"] == 2
    for said, error in told:
        assert said in str(error.value) and "\n" not in str(error.value)
    sent = [("reset", asked, said) for said, asked in resets.items()]
    sent += [("step", {"action": action}, said) for said, action in steps.items()]
    for path, body, said in sent:
        request = Request(f"{url}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with pytest.raises(HTTPError) as error:
            urlopen(request, timeout=60)
        told = json.loads(error.value.read())["detail"]
        assert error.value.code == 422 and said in told and "\n" not in told
    assert "Traceback" not in log.read_text()


def test_openenv_keeps_sessions_apart(served):
    """Six at once, each with puzzles of its own: pictures as the package draws them, and the right answers are right."""
    needed("openenv")
    from mmhelix_nb.doors.numbered import numbered
    from mmhelix_nb.doors.openenv_server import MmhelixAction, MmhelixEnv
    from mmhelix_nb.shared.raster import picture_file

    def played(part: int):
        with MmhelixEnv(served[0]).sync() as client:
            for name in tasks()[part::6]:
                item = numbered(name, 1, part)
                shown = client.reset(task=name, level=1, index=part, tries=2, style="dark").observation
                wrong = client.step(MmhelixAction(answer="?"))
                right = client.step(MmhelixAction(answer=item.answer))
                drawn = base64.b64decode(shown.picture) == picture_file(item.picture("dark"))
                yield name, drawn, wrong.done, wrong.reward, right.done, right.reward, client.state().task

    with ThreadPoolExecutor(6) as pool:
        found = [one for rows in pool.map(lambda part: [*played(part)], range(6)) for one in rows]
    assert sorted(found) == sorted((name, True, False, 0, True, 1, name) for name in tasks())


def test_openenv_serves_trl(served):
    """What TRL does with an environment: two rollouts of a row at once, used again for the next row; a tool whose parameters can be read."""
    needed("openenv")
    from mmhelix_nb.doors.numbered import numbered
    from mmhelix_nb.doors.openenv_server import ServedPuzzle

    first, second = ServedPuzzle(served[0]), ServedPuzzle(served[0])
    for index in range(2):
        item = numbered("maze", 1, index)
        row = {"prompt": [], "task": "maze", "level": 1, "index": index, "tries": 2}
        (picture, asked), words = first.reset(**row), second.reset(**row, modality="text")
        assert picture["image"].tobytes() == item.picture().tobytes() and item.question("image") in asked["text"]
        assert words.startswith(item.question("text"))
        assert first.submit("?").startswith("Wrong: ") and second.submit("?").endswith("Tries left: 1.")
        assert first.submit(item.answer).startswith("Right: ") and second.submit("?").endswith("Tries left: 0.")
        assert (first.get_reward(), second.get_reward()) == (1, 0)
    assert "answer: The answer alone" in (ServedPuzzle.submit.__doc__ or "")
    with pytest.raises(RuntimeError, match="levle is unknown"):
        first.reset(levle=1)


def test_openenv_passes_its_own_check(served, tmp_path):
    needed("openenv")
    assert "Verdict: PASS" in ran("openenv", "validate", "--url", served[0], "--timeout", "60", cwd=tmp_path)


SUMS = """
import hashlib, PIL
from mmhelix_nb import make, tasks
from mmhelix_nb.shared.raster import picture_file
print(PIL.__version__, *(hashlib.sha256(picture_file(make(task, 1, 3).picture())).hexdigest() for task in tasks()))
"""


def test_openenv_changes_no_picture():
    """OpenEnv brings an older Pillow, and a model must see the same behind it."""
    needed("openenv")
    root = Path(__file__).parent.parent
    book = root / ".venv/bin/python"
    if not book.exists():
        pytest.skip(f"{book} is missing, whose Pillow this is compared with: make test brings it")
    (older, *here), (newer, *there) = (ran(one, "-c", SUMS, cwd=root).split() for one in (sys.executable, book))
    assert here == there and len(here) == 42, f"Pillow {older} and {newer} draw different pictures"
