"""What `mmhelix eval --data` asks: the picture and the words that a row brings, whatever file it stands in, each question once."""

import base64
import csv
import io
import json
from pathlib import Path

import pytest
from fakeserver import FakeServer, completion
from PIL import Image
from typer.testing import CliRunner

from mmhelix_nb.benchmark.asked import DataRows, picture_in
from mmhelix_nb.benchmark.kit import export_kit
from mmhelix_nb.benchmark.publish import DATA, Order, build
from mmhelix_nb.benchmark.published import FolderError, published_item, published_row
from mmhelix_nb.book.rows import INSTRUCTION
from mmhelix_nb.book.settings import Evaluation
from mmhelix_nb.core import make
from mmhelix_nb.generators import benchmark_row
from mmhelix_nb.running.cli import app

ITEMS = [make("maze", 1, 0), make("binairo", 2, 3)]
BOTH = Evaluation(modalities=("image", "text"))
CONFORMANCE = Path(__file__).resolve().parents[2] / "shared/conformance/rows.jsonl"


def ask(source, out: Path, *words) -> tuple[str, list[bytes]]:
    """What the command says, and the pixels of the pictures that it sends."""
    with FakeServer(lambda asked, number: (200, completion("\\boxed{up}"), {})) as fake:
        done = CliRunner().invoke(app, ["eval", fake.url, "--data", str(source), "--out", str(out), *words])
        assert done.exit_code == 0, (done.output, done.exception)
        sent = [json.loads(text)["messages"][-1]["content"] for text, count in fake.seen.items() for _ in range(count)]
    pictures = [part["image_url"]["url"].partition(",")[2] for content in sent for part in content[:-1]]
    return done.output, [pixels(Image.open(io.BytesIO(base64.b64decode(text)))) for text in pictures]


def pixels(picture: Image.Image) -> bytes:
    return picture.convert("RGB").tobytes()


def dark_rows() -> list[dict]:
    """Published rows with dark pictures."""
    return [published_row(item, style="dark") for item in ITEMS]


def lines(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def in_tsv(path: Path, rows: list[dict]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), delimiter="\t")
        table.writeheader()
        table.writerows(rows)
    return path


def in_form(form: str, folder: Path) -> Path:
    """The dark rows in a file or folder of a kind."""
    rows = dark_rows()
    data = [row.pop("images")[0]["bytes"] for row in rows]
    coded = [base64.b64encode(one).decode() for one in data]
    for number, one in enumerate(data):
        (folder / f"{number}.png").write_bytes(one)
    kind, _, held = form.partition(" ")
    values = {
        "base64": coded,
        "list": [[one] for one in coded],
        "quoted": [str([one]) for one in coded],
        "uri": [f"data:image/png;base64,{one}" for one in coded],
        "name": ["0.png", "1.png"],
        "path": [[str(folder / "0.png")], [str(folder / "1.png")]],
        "object": [{"bytes": None, "path": f"{number}.png"} for number in range(2)],
        "": [{"bytes": one, "path": None} for one in data],
    }[held]
    rows = [row | {"image": value} for row, value in zip(rows, values)]
    if kind == "saved":
        from datasets import Dataset, Features
        from datasets import Image as Picture

        told = Dataset.from_list(rows)
        told.cast(Features({**told.features, "image": Picture()})).save_to_disk(folder / "saved")
        return folder / "saved"
    if kind == "parquet":
        import pandas

        pandas.DataFrame(rows).to_parquet(folder / "rows.parquet")
        return folder / "rows.parquet"
    return (in_tsv if kind == "tsv" else lines)(folder / f"rows.{kind}", rows)


FORMS = [
    "parquet",
    "saved",
    *(f"tsv {held}" for held in ("base64", "quoted", "uri", "name")),
    *(f"jsonl {held}" for held in ("base64", "list", "uri", "name", "path", "object")),
]


@pytest.mark.parametrize("form", FORMS)
def test_the_picture_of_the_row_is_asked(form, tmp_path):
    said, sent = ask(in_form(form, tmp_path), tmp_path / "out")
    assert sorted(sent) == sorted(pixels(item.picture("dark")) for item in ITEMS)
    assert "drawn" not in said and "not asked" not in said


def test_a_folder_of_several_kinds_is_asked_with_its_pictures(tmp_path):
    (tmp_path / "data/deep").mkdir(parents=True)
    rows = [row | {"id": f"own {number}"} for number, row in enumerate(dark_rows())]
    in_form("parquet", tmp_path / "data")
    for number, row in enumerate(rows):
        row["image"] = f"{number}.png"
        (tmp_path / f"data/deep/{number}.png").write_bytes(row.pop("images")[0]["bytes"])
    in_tsv(tmp_path / "data/deep/rows.tsv", rows)
    _, sent = ask(tmp_path / "data", tmp_path / "out")
    assert sorted(sent) == sorted([pixels(item.picture("dark")) for item in ITEMS] * 2)


def test_a_data_set_of_the_hub_is_asked_with_its_pictures(tmp_path, monkeypatch):
    import datasets

    (tmp_path / "stored").mkdir()
    in_form("parquet", tmp_path).rename(tmp_path / "stored/train.parquet")
    stands_in, load = str(tmp_path / "stored"), datasets.load_dataset
    monkeypatch.setattr(datasets, "load_dataset", lambda name, **how: load(stands_in, **how))
    monkeypatch.chdir(tmp_path)
    _, sent = ask("somebody/puzzles", tmp_path / "out")
    assert sorted(sent) == sorted(pixels(item.picture("dark")) for item in ITEMS)


@pytest.mark.parametrize(
    "value, said",
    [
        ("gone.png", "'gone.png' cannot be read as a picture; give PNG or JPEG"),
        ("https://localhost/maze.png", "'https://localhost/maze.png' cannot be read as a picture"),
        ("data:image/png,raw", "cannot be read as a picture"),
        ("iVBORw0KGgo=", "'iVBORw0KGgo=' cannot be read as a picture"),
        ("torn.png", "'torn.png' cannot be read as a picture"),
        (".", "cannot be read as a picture"),
        ({"src": "https://localhost/maze.png"}, "cannot be read as a picture"),
        (7, "'7' cannot be read as a picture"),
        (["0.png", "0.png"], "holds 2 pictures; give the one that shows the puzzle"),
    ],
)
def test_a_picture_that_cannot_be_read_is_not_replaced(value, said, tmp_path):
    first, second = dark_rows()
    (tmp_path / "torn.png").write_bytes(first["images"][0]["bytes"][:900])
    del first["images"]
    second["images"] = None
    out, sent = ask(lines(tmp_path / "rows.jsonl", [first | {"image": value}, second]), tmp_path / "out")
    assert sent == [pixels(ITEMS[1].picture())]
    assert "not asked: row 1: field 'image'" in out and said in out
    assert out.count("rows that bring no picture, asked with one drawn here: 1") == 1
    settings = json.loads((tmp_path / "out/results.json").read_text())["results"]["settings"]
    assert len(settings["unreadable"]) == len(settings["notes"]) == 1
    assert len(DataRows(tmp_path / "rows.jsonl", Evaluation(modalities=("text",)))) == 2  # which shows no picture


def test_a_damaged_picture_is_a_value_error():
    data = bytearray(published_row(ITEMS[0])["images"][0]["bytes"])
    bomb = (
        b"BM" + bytes(8) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little") + (10**5).to_bytes(4, "little") * 2
    )
    bomb += (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(24)
    for broken in (bytes(data[:-40]), bytes(data[:60]), bomb):
        with pytest.raises(ValueError, match=r"field 'image': [\d,]+ bytes cannot be read as a picture"):
            picture_in({"image": broken})


def test_a_blank_question_is_none(tmp_path):
    rows = [row | {"question": "", "question_text": blank} for row, blank in zip(dark_rows(), ("", " \n"))]
    asked = DataRows(lines(tmp_path / "rows.jsonl", [row | {"images": None} for row in rows]), BOTH)
    said = [asked[index]["prompt"][0]["content"] for index in range(4)]
    assert said == [f"{item.question(kind)}\n\n{INSTRUCTION}" for kind in ("image", "text") for item in ITEMS]


@pytest.mark.skipif(not CONFORMANCE.exists(), reason="the published rows of shared/ are not here")
def test_published_rows_without_words_are_asked_in_words(tmp_path):
    rows = [json.loads(line) for line in CONFORMANCE.read_text(encoding="utf-8").split("\n") if line]
    blank = [row for row in rows if not row["question_text"]]
    asked = DataRows(lines(tmp_path / "rows.jsonl", blank), Evaluation(modalities=("text",)))
    said = [asked[index]["prompt"][0]["content"] for index in range(len(asked))]
    assert said == list(dict.fromkeys(f"{published_item(row).question('text')}\n\n{INSTRUCTION}" for row in blank))


def test_a_question_is_asked_once(tmp_path):
    light, dark = published_row(ITEMS[0]), published_row(ITEMS[0], style="dark")
    named = [light, dark, light, light | {"id": "another"}]
    rows = [row | {"images": base64.b64encode(row["images"][0]["bytes"]).decode()} for row in named]
    out, sent = ask(lines(tmp_path / "rows.jsonl", rows), tmp_path / "out", "--modality", "both")
    assert len(sent) == 3  # two pictures of the first puzzle, and one under another name
    judged = [json.loads(line) for line in (tmp_path / "out/judged.jsonl").read_text().splitlines()]
    assert [line["item"].split("/")[2:] for line in judged] == [
        ["maze_1_0", "image"],
        ["maze_1_0", "image"],
        ["another", "image"],
        ["maze_1_0", "text"],
        ["another", "text"],
    ]
    assert out.count("questions that repeat an earlier one, asked and counted once: 3") == 1
    nameless = [{name: value for name, value in row.items() if name != "id"} for row in rows]
    asked = DataRows(lines(tmp_path / "rows.jsonl", nameless), Evaluation())
    assert [asked[index]["name"] for index in range(len(asked))] == ["row 1", "row 2"]


@pytest.mark.parametrize("style", ["dark", "photo"])
def test_a_folder_for_the_kit_holds_each_question_once(style, tmp_path):
    build(tmp_path / "bench", Order(("maze", "graph_isomorphism"), (1,), 2, 0, style))
    kit = export_kit(tmp_path / "bench" / DATA, tmp_path / "kit")
    asked = DataRows(kit, BOTH)
    names = [asked[index]["name"] for index in range(len(asked))]
    assert len(names) == 12 and len(set(names)) == 6  # two mazes, and two pairs
    assert asked.notes == [f"{kit}: questions that repeat an earlier one, asked and counted once: 12"]
    assert len(DataRows(kit, Evaluation(items=4))) == 4
    assert {asked[index]["level"] for index in range(12)} == {1}


def test_a_table_without_its_pictures_is_not_asked(tmp_path):
    build(tmp_path / "bench", Order(("maze",), (1,), 1, 0, "dark"))
    kit = export_kit(tmp_path / "bench" / DATA, tmp_path / "kit")
    for picture in kit.glob("images/**/*.png"):
        picture.unlink()
    with pytest.raises(FolderError, match="holds no row that could be asked; row 1: field 'image_path'"):
        DataRows(kit / "MM-HELIX.tsv", Evaluation())


def test_a_row_that_cannot_be_read_is_named_by_its_file(tmp_path):
    """Where a folder has several."""
    row = {name: value for name, value in benchmark_row(make("maze", 1, 0)).items() if name != "images"}
    for name, state in (("first.jsonl", row["state"]), ("second.jsonl", "nonsense")):
        lines(tmp_path / name, [row, row | {"state": state, "id": name}])
    asked = DataRows(tmp_path, Evaluation(modalities=("text",)))
    assert [problem.partition(":")[0] for problem in asked.problems] == ["second.jsonl, row 2"]
    assert len(asked) == 1  # all the others ask the same
