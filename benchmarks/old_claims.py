"""What three old claims about memory come to on this code. `python -m benchmarks.old_claims` writes old_claims.json.

The claims, and what follows, stand in docs/memory.md; its numbers are bound to this file.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from colorlib.workloads import memory
from footprint import largest, training_peak

BUDGET = 6 * 10**9  # bytes, of the third claim
MOST = 256  # images
IMAGES = 16  # of the third claim
SIDES = (256, 176)  # pixels: what is usual now, and the paper's crops
# By the words of the page: the network, and the bytes that it was said to take. With fusion it is a PaperNet as well.
CLAIMED = {
    "PaperNet with fusion (full-resolution decoder)": ("papernet-fusion", 2_100_000_000),
    "PaperNet (the paper's network)": ("papernet", 2_100_000_000),
    "MobileLite": ("mobilelite", 800_000_000),
}
FOLDER = Path("reports/benchmarks")


def main() -> None:
    """Rehearse, and write the file."""
    networks = {words: network(model, claimed) for words, (model, claimed) in CLAIMED.items()}
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"networks": networks}, indent=1) + "\n"
    (FOLDER / "old_claims.json").write_text(text, encoding="utf-8")


def network(model: str, claimed: int) -> dict[str, Any]:
    """Parameters, and for each size of crops the peaks of training in fp32 with Adam, as on a GPU.

    Bytes with 16 images; the largest batch within the claim and within 6 GB, with its bytes and those of the next.
    """
    made, _ = memory().inference(model, 64, "fp32", "cpu")()
    found: dict[str, Any] = {"parameters": sum(weight.numel() for weight in made.parameters())}
    for side in SIDES:

        @cache
        def total(batch: int, side: int = side) -> int:
            return training_peak(memory().training(model, batch, side, "fp32", False, "cpu"), device="cuda").total

        found[f"{side}"] = {f"{IMAGES} images": total(IMAGES)}
        for name, budget in (("within the claim", claimed), ("within 6 GB", BUDGET)):
            most = largest(total, budget, MOST, start=IMAGES)
            found[f"{side}"][name] = {"images": most, "bytes": total(most), "next": total(most + 1)}
    return found


if __name__ == "__main__":
    main()
