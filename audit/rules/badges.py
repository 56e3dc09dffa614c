"""Badges of a document that show what nothing measures: figures written by hand, services that run nothing."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from audit.target import Piece

STATIC = re.compile(r"https?://img\.shields\.io/badge/(?!dynamic/)([^\s)\"'?]+)")
# What is measured, as badges call it.
MEASURED = re.compile(
    r"(?:^|[\s_])(?:coverage|code_?cov|cov|tests?|build|ci|accuracy|acc|score|quality|psnr|ssim|fid|lpips|f1|auc|bleu"
    r"|wer|cer|m?ap|m?iou|dice|top-?[15]|leaderboard|lb|rank|latency|speed|fps|reward|return|pylint|pass\w*|mos|pesq"
    r"|stoi|mae|r?mse|smape|mcc|kappa|eer|perplexity|ppl|recall|precision|auroc|ndcg|win rate|loss|throughput|downloads"
    r"|users|installs|citations|stars)(?:$|[\s_@])",
    re.I,
)
# A share or a rate, whatever it is of; other numbers may be versions.
RATE = re.compile(r"^[<>~≥+]? ?\d[\d.,]*\+? ?(?:%|dB|ms|fps|[kKM]?\+? ?/ ?(?:day|week|month|s))$")
FIGURE = re.compile(r"\d|pass|success", re.I)
NOWHERE = {"", "#", ".", "./"}  # links that lead to where one is
WORKFLOW = re.compile(r"github\.com/[\w.-]+/([\w.-]+)/(?:actions/)?workflows/([\w.-]+\.ya?ml)/badge\.svg")
# What runs the tests elsewhere, and the file of the tree that tells it how.
SERVICES = (
    (re.compile(r"travis-ci\.(?:org|com)/[\w./-]+\.svg"), ".travis.yml"),
    (re.compile(r"circleci\.com/(?:gh|bb)/[\w./-]+\.(?:svg|png)"), ".circleci/config.yml"),
    (re.compile(r"ci\.appveyor\.com/api/projects/status/"), "appveyor.yml"),
)
# A link that opens a notebook of a repository: (owner/name, path).
NOTEBOOK = re.compile(
    r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)/blob/(?:main|master)/([^\s)\"'#?]+\.ipynb)"
)
HIDDEN = (".gitignore", ".github/", ".gitlab-ci.yml", ".travis.yml", ".circleci/")


def unbacked(piece: Piece, files: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, what is wrong): at most one of a kind a line."""
    workflows = any(path.startswith(".github/workflows/") for path in files)
    # Packages leave hidden files out; whether a service has its file is known where some are.
    hidden = "PKG-INFO" not in files and any(path.startswith(HIDDEN) for path in files)
    opened = set(NOTEBOOK.findall(piece.text))
    own = {repository for repository, path in opened if unquote(path) in files}
    for number, line in enumerate(piece.lines, start=1):
        if "http" not in line:
            continue
        absent = [name for _, name in WORKFLOW.findall(line) if f".github/workflows/{name}" not in files]
        if (workflows or hidden) and absent:
            yield number, f"the badge of `{absent[0]}`, which is no workflow of the tree, shows nothing"
        lost = [path for repository, path in NOTEBOOK.findall(line) if repository in own and unquote(path) not in files]
        if lost:
            yield number, f"`{unquote(lost[0])}`, which opens in Colab, is not in the tree"
        for badge, name in SERVICES if hidden else ():
            if badge.search(line) and not any(path.endswith(name) for path in files):
                yield number, f"the badge of a service that `{name}` would tell what to run, and there is none"
        for match in STATIC.finditer(line):
            shown = written(match.group(1))
            if shown and target(piece, number, line, match) in NOWHERE:
                yield number, f"the badge `{shown[:40]}` has no source"


def written(badge: str) -> str:
    """`coverage 93%` of `coverage-93%25-green.svg`; "" for what is no measurement."""
    parts = unquote(badge).replace("--", "\0").split("-")
    label, value = " ".join(parts[:-2]) if len(parts) > 2 else "", parts[-2] if len(parts) > 1 else ""
    shown = f"{label} {value}".replace("\0", "-").replace("_", " ").strip()
    return shown if FIGURE.search(value) and (MEASURED.search(label or value) or RATE.match(value)) else ""


def target(piece: Piece, number: int, line: str, match: re.Match[str]) -> str:
    """Where a badge leads to: in Markdown, in HTML, or in the options of a reStructuredText image."""
    before, after = line[: match.start()], line[match.end() :]
    if re.search(r"\.\. (?:\|[^|]+\| )?image::\s*$", before):
        options = []
        for below in piece.lines[number:]:
            if not re.match(r"\s+:\w+:", below):
                break
            options.append(below.partition(":target:")[2].strip())
        return next((option for option in options if option), "")
    around = re.search(r"<a\b[^>]*href=[\"']([^\"']*)[\"'][^>]*>(?:(?!</a>).)*$", before)
    if around:
        return around.group(1)
    linked = re.search(r"\[!\[[^\]]*\]\($", before) and re.match(r"[^)\s]*(?:\s[^)]*)?\)\]\(([^)\s]*)", after)
    reference = re.search(r"\[!\[[^\]]*\]\($", before) and re.match(r"[^)]*\)\]\[([^\]]+)\]", after)
    found = linked or reference
    return found.group(1) if found else ""
