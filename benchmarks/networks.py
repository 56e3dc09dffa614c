"""How many weights each network has. `python -m benchmarks.networks` writes networks.json.

Counted on the networks as they are built. Model cards and documents are bound to it.
"""

import json
from pathlib import Path

import torch

from colorlib.models.registry import build

NETWORKS: dict[str, dict[str, object]] = {
    "papernet-313": {"name": "papernet", "q": 313},
    "papernet-fusion-313": {"name": "papernet", "q": 313, "fusion": True},
    "mobilelite-313": {"name": "mobilelite", "q": 313},
    "mobilelite-484": {"name": "mobilelite", "q": 484, "grid": "full"},
    "mobilelite-regression": {"name": "mobilelite", "head": "regression"},
}
PATH = Path("reports/benchmarks/networks.json")


def main() -> None:
    """Count, and write the file."""
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(json.dumps({"weights": weights()}, indent=1) + "\n", encoding="utf-8")


def weights() -> dict[str, int]:
    """Trained numbers of each network."""
    with torch.device("meta"):
        made = {name: build(**config) for name, config in NETWORKS.items()}  # type: ignore[arg-type]
    return {name: sum(parameter.numel() for parameter in network.parameters()) for name, network in made.items()}


if __name__ == "__main__":
    main()
