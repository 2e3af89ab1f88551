"""What `mmhelix plan` reckons beside what torch allocates on a CPU: passes of SFT and AHPO of small and middle-sized models, and one real layer of the 7B, with
and without LoRA and checkpointing, and replies as they are written; JSON into reports/bench/memory.json. A few minutes, and 6 GB."""

import json
import platform
import resource
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
warnings.filterwarnings("ignore")

import torch  # noqa: E402
from allocations import How, Measured, compare_layer, compare_model, compare_writing, small_config  # noqa: E402

from mmhelix_nb.book.place import commit  # noqa: E402
from mmhelix_nb.training.budget import Pass  # noqa: E402

OFF_AT_MOST = 0.15
HALF = torch.bfloat16
SFT = [Pass(1, 768, 512, 0)]
PICTURE = [Pass(1, 768, 512, 576)]
AHPO = [Pass(1, 768, 512, 0), Pass(1, 512, 256, 0)]  # rollouts, and an expert in the same loss
SMALL = small_config(eye=(12, 320, 640))
MIDDLE = small_config(hidden=512, layers=12, inner=2048, vocabulary=2048)
REAL = {"hidden": 3584, "inner": 18944, "heads": 28, "key_heads": 4}
MODELS = {
    "small, SFT, 32 bits": (SMALL, SFT, How()),
    "small, SFT with a picture, 32 bits, checkpointing": (SMALL, PICTURE, How(checkpointing=True)),
    "small, SFT with a picture, LoRA on 16 bits, checkpointing": (SMALL, PICTURE, How(HALF, 8, True, True)),
    "small, SFT, eager attention": (SMALL, SFT, How(attention="eager")),
    "small, AHPO, LoRA on NF4, checkpointing": (SMALL, AHPO, How(HALF, 8, True, True, "nf4")),
    "middle, AHPO, 32 bits, checkpointing": (MIDDLE, AHPO, How(checkpointing=True)),
    "middle, AHPO, LoRA on 16 bits, checkpointing": (MIDDLE, AHPO, How(HALF, 16, True, True)),
}
LAYERS = {
    "a layer of the 7B, 16 bits": How(HALF),
    "a layer of the 7B, 16 bits, checkpointing": How(HALF, checkpointing=True),
    "a layer of the 7B, 32 bits": How(),
    "a layer of the 7B, LoRA of rank 32": How(HALF, 32, True),
    "a layer of the 7B, LoRA of rank 32, checkpointing": How(HALF, 32, True, True),
}


def figures(found: Measured) -> dict:
    "Megabytes as measured and as reckoned, and their ratio."
    return {
        part: {"measured_mb": round(real / 1e6, 2), "reckoned_mb": round(said / 1e6, 2), "ratio": round(said / real, 3)}
        for part, (real, said) in found.items()
    }


def main() -> None:
    "Measure, print, write; exit code 1 where a figure is too far off."
    found = {name: figures(compare_model(*case)) for name, case in MODELS.items()}
    found |= {name: figures(compare_layer(how, 512, **REAL)) for name, how in LAYERS.items()}
    found["small, 8 replies of 100 tokens to 300"] = figures(compare_writing(SMALL, How(), 8, 300, 100))
    ratios = {(name, part): one["ratio"] for name, parts in found.items() for part, one in parts.items()}
    for (name, part), ratio in ratios.items():
        print(f"{ratio:6.3f}  {part:12}  {name}")
    kept = found["a layer of the 7B, 16 bits"]["kept"]
    machine = {"commit": commit(), "torch": torch.__version__, "architecture": platform.machine()}
    summary = {
        "off_at_most_wanted": OFF_AT_MOST,
        "off_at_most": round(max(abs(ratio - 1) for ratio in ratios.values()), 3),
        "bytes_a_token_kept_by_a_layer_of_the_7b": round(1e6 * kept["measured_mb"] / 512),
        "resident_mb_at_most": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    out = Path("reports/bench/memory.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"machine": machine, "summary": summary, "figures": found}, indent=1) + "\n")
    print(json.dumps(summary), f"\nwritten to {out}")
    raise SystemExit(summary["off_at_most"] > OFF_AT_MOST)


if __name__ == "__main__":
    main()
