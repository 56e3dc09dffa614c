"""README.md: its commands exist, its files lie there, its Python runs."""

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from audit.__main__ import app as audit
from colorlib.apps.cli import app as colorlib
from colorlib.models import MobileLite, save_pretrained

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line.split("  #")[0].strip() for kind, text in BLOCKS if not kind for line in text.splitlines()]
MADE = ("build/", "models/class-313-rebalanced")  # by the pipeline, or by the command itself


def parse(command: Any, name: str, arguments: list[str]) -> None:
    """What `command` (of typer's own click) does with its arguments before it begins, down to the last subcommand."""
    context = command.make_context(name, arguments)
    if isinstance(command, TyperGroup):
        found, inner, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        parse(inner, str(found), rest)


@pytest.mark.parametrize("words", ["colorize x --outptu y", "app gradioo", "colourize x", "train --data x"])
def test_a_wrong_command_would_be_noticed(words: str) -> None:
    with pytest.raises(Exception, match=r"(?i)no such (option|command)|is not one of|missing parameter"):
        parse(get_command(colorlib), "colorlib", words.split())


@pytest.mark.parametrize("line", [line for line in COMMANDS if not line.startswith("make ")])
def test_a_command_takes_its_arguments_and_finds_its_files(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    program, *arguments = shlex.split(line)
    if program == "python":
        assert arguments[:2] == ["-m", "audit"]
        parse(get_command(audit), "audit", arguments[2:])
    else:
        assert program == "colorlib"
        parse(get_command(colorlib), program, arguments)
        assert "--int8" not in arguments or "--photos" in arguments  # which the program asks for later
    for word in arguments:
        path = word.partition(":")[0]
        if "/" in path and not path.startswith(MADE):
            assert Path(path).exists(), path


def test_the_targets_of_make_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [line.split()[1] for line in COMMANDS if line.startswith("make ")]
    assert targets == ["repro", "test"]
    assert all(f"\n{target}:" in makefile for target in targets)


def test_its_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["main"]
    torch.manual_seed(0)
    save_pretrained(MobileLite(q=313, grid="paper"), tmp_path / "models" / name, size=32)
    for path in ("data/starter/africa-c4b27aeb.jpg", "reports/statistics/paper.csv"):
        (tmp_path / path).parent.mkdir(parents=True)
        shutil.copy(ROOT / path, tmp_path / path)
    (tmp_path / "build").mkdir()
    monkeypatch.chdir(tmp_path)
    first, second = (text for kind, text in BLOCKS if kind == "python")
    found: dict[str, object] = {}
    exec(compile(first, "README.md", "exec"), found)
    assert (tmp_path / "vivid.png").stat().st_size > 1000
    exec(compile(second, "README.md", "exec"), found)
    loss = found["loss"]
    assert isinstance(loss, torch.Tensor)
    assert bool(torch.isfinite(loss))


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", README)
    assert len(links) > 20
    missing = [link for link in links if not link.startswith("http") and not (ROOT / link).exists()]
    assert not missing
