"""VLMEvalKit's own MM-HELIX class over an exported folder, in a process of its own: `python kit_class.py CHECKOUT DATASET REPLIES.json...`.

It is run inside the folder, with `LMUData` set to it, as the folder's page says. Each file of replies (by index) is judged as `NAME.tsv`. Only the files of
the class are imported; what they import for other data sets is stood in for."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

from mmhelix_nb.puzzles.word_ladder import word_list


def load_class(checkout: Path):
    """The class, without the package's own `__init__` files, which import all models and data sets."""
    root = checkout / "vlmeval"
    for name, folder in (
        ("vlmeval", root),
        ("vlmeval.dataset", root / "dataset"),
        ("vlmeval.dataset.utils", root / "dataset" / "utils"),
    ):
        module = ModuleType(name)
        module.__path__ = [str(folder)]
        sys.modules[name] = module
    for name in ("validators", "sty", "nltk", "nltk.data", "nltk.corpus"):
        try:
            importlib.import_module(name)
        except ImportError:
            sys.modules[name] = MagicMock()
    sys.modules["validators"].url = lambda text: False
    sys.modules["nltk"].data.find = lambda name: name
    sys.modules["nltk.corpus"].words = MagicMock(
        words=lambda: word_list("accepted_words")
    )  # nltk's list has to be fetched
    return importlib.import_module("vlmeval.dataset.mmhelix").MMHELIX


def main(checkout: str, dataset: str, *files: str) -> None:
    """Judge the replies; where no writer of sheets is installed, the judged table is a TSV."""
    import pandas

    if importlib.util.find_spec("openpyxl") is None:
        pandas.DataFrame.to_excel = lambda table, path, index: table.to_csv(
            Path(path).with_suffix(".tsv"), sep="\t", index=index
        )
    kit = load_class(Path(checkout))
    asked = kit(dataset)
    Path(f"{dataset}.prompts.json").write_text(json.dumps([asked.build_prompt(row) for row in range(len(asked))]))
    for file in files:
        said, table = json.loads(Path(file).read_text()), asked.data.copy()
        table["prediction"] = [said[index] for index in table["index"]]
        name = str(Path(file).with_suffix(".tsv"))
        table.to_csv(name, sep="\t", index=False)
        kit.evaluate(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
