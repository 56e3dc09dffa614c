"""A repository of machine-learning code, made from a seed: packages, scripts, notebooks, configurations, documents."""

import json
import random
from pathlib import Path

NOUNS = ("encoder", "decoder", "backbone", "loader", "sampler", "schedule", "metric", "augment", "tracker", "registry")
LIBRARIES = ("numpy as np", "torch", "math", "json", "logging", "os", "random", "re")
SHARES = {"modules": 0.78, "notebooks": 0.06, "configurations": 0.10}  # of the files; documents are the rest


def make(root: Path, files: int = 1300, seed: int = 0) -> Path:
    """Write a tree of about this many files, about 230 lines a module; the same seed gives the same bytes."""
    draw = random.Random(seed)
    counts = {name: int(share * files) for name, share in SHARES.items()}
    packages = max(1, counts["modules"] // 20)
    for number in range(counts["modules"]):
        folder = root / "src" / f"pack{number % packages}"
        write(folder / "__init__.py", '"""One part of the project."""\n')
        name = f"{NOUNS[number % len(NOUNS)]}_{number}"
        write(folder / f"{name}.py", module(draw, number, packages))
    for number in range(counts["notebooks"]):
        write(root / "notebooks" / f"study_{number}.ipynb", notebook(draw, number))
    for number in range(counts["configurations"]):
        write(root / "configs" / f"run_{number}.yaml", configuration(draw))
    for number in range(max(1, files - sum(counts.values()) - packages)):
        write(root / "docs" / f"page_{number}.md", document(draw, number))
    write(root / "README.md", "# Project\n\n```bash\npython train.py --config configs/run_0.yaml\n```\n")
    write(root / "requirements.txt", "numpy==1.26.4\ntorch>=2\nmatplotlib\n")
    return root


def write(path: Path, text: str) -> None:
    """A file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def module(draw: random.Random, number: int, packages: int) -> str:
    """Classes and functions as they are found in such code, some defects among them."""
    lines = [f'"""Part {number} of the project."""', ""]
    lines += [f"import {name}" for name in draw.sample(LIBRARIES, 4)]
    lines += [f"from src.pack{draw.randrange(packages)} import *", "", ""]
    for index in range(draw.randint(3, 6)):
        lines += class_of(draw, number, index)
    lines += ["def load(path):", "    try:", "        return open(path).read()", "    except Exception:"]
    lines += ["        pass" if draw.random() < 0.2 else "        raise", ""]
    if draw.random() < 0.1:
        lines += ["", f"DATA = '/home/user{number}/data/train'", "# TODO: make this an option"]
    return "\n".join(lines) + "\n"


def class_of(draw: random.Random, number: int, index: int) -> list[str]:
    """One class with a few methods."""
    lines = [f"class Block{number}_{index}:", f'    """What block {index} does, and why it does so."""', ""]
    lines += ["    def __init__(self, width, depth=2, rate=0.1):", "        self.width = width"]
    lines += ["        self.depth = depth", "        self.rate = rate", ""]
    for step in range(draw.randint(3, 6)):
        lines += [f"    def step_{step}(self, batch, scale={draw.randint(1, 99)}):", f'        """Step {step}."""']
        for value in range(draw.randint(2, 5)):
            factor, shift = draw.randint(1, 999), draw.randint(1, 99)
            lines += [f"        value_{value} = batch * self.width + {factor} / (scale + {shift})"]
            lines += [f"        if value_{value} > {shift}:", f"            value_{value} -= self.rate"]
        lines += ["        return {'value': value_0, 'name': f'{self.depth}:{scale}'}", ""]
    return [*lines, ""]


def notebook(draw: random.Random, number: int) -> str:
    """Ten cells of each kind, with text outputs and an image's worth of base64."""
    cells: list[dict[str, object]] = []
    for index in range(10):
        cells.append({"cell_type": "markdown", "metadata": {}, "source": [f"## Step {index}\n", "What is done.\n"]})
        source = ["%matplotlib inline\n"] if index == 0 else []
        source += ["import torch\n", f"scores = [v * {draw.randint(1, 99)} for v in range(10)]\n", "print(scores)"]
        outputs = [{"output_type": "stream", "name": "stdout", "text": [f"epoch {e} loss 0.{e}\n" for e in range(9)]}]
        picture = {"data": {"image/png": "iVBORw0KGgo" * 2000}, "output_type": "display_data", "metadata": {}}
        cells.append({
            "cell_type": "code", "metadata": {}, "execution_count": index, "source": source,
            "outputs": [*outputs, picture],
        })  # fmt: skip
    return json.dumps({"cells": cells, "metadata": {"number": number}, "nbformat": 4, "nbformat_minor": 5})


def configuration(draw: random.Random) -> str:
    """Hyper-parameters."""
    model = f"model:\n  width: {draw.randint(8, 512)}\n  depth: {draw.randint(2, 9)}\n"
    return f"{model}optimiser:\n  name: adam\n  learning_rate: 0.{draw.randint(1, 999):03}\n  steps: 1000\n"


def document(draw: random.Random, number: int) -> str:
    """Paragraphs and a fence."""
    words = " ".join(draw.choices(("model", "data", "loss", "train", "image", "layer", "batch", "result"), k=200))
    return f"# Page {number}\n\n{words}\n\n```bash\npip install -r requirements.txt\n```\n"
