"""Badges of a document that show what nothing measures: figures written by hand, services that run nothing."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from audit.rules.documents.measures import METRIC
from audit.target import Kind, Piece, Target

STATIC = re.compile(
    r"https?://(?:(?:img|raster)\.shields\.io|badgen\.net)/(?:badge/(?!dynamic/)((?:[^\s()\"'?]|\([^\s()\"']*\))+)"
    r"|static/v1\?((?:[^\s()\"']|\([^\s()\"']*\))+))"
)
# Where a badge leads to that shows no measurement: the repository as a whole, or what draws badges.
REPOSITORY = re.compile(r"https?://github\.com/[\w.-]+/[\w.-]+/?")
SHIELDS = re.compile(r"https?://(?:img\.)?shields\.io")
RUNS = re.compile(r"/actions/?$")
SHOWN_ELSEWHERE = re.compile(r"^$|^#|^[\w+.-]+:|^//|[<>{}$]|^\.\./")
# What is measured, as badges call it.
MEASURED = re.compile(
    r"(?:^|[\s_])(?:coverage|code_?cov|cov|tests?|build|ci|accuracy|acc|score|quality|psnr|ssim|fid|lpips|f1|auc|bleu"
    r"|wer|cer|m?ap|m?iou|dice|top-?[15]|leaderboard|lb|rank|latency|speed|fps|reward|return|pylint|pass\w*|mos|pesq"
    r"|stoi|mae|r?mse|smape|mcc|kappa|eer|perplexity|ppl|recall|precision|auroc|ndcg|win rate|loss|throughput|downloads"
    r"|users|installs|citations|stars|r2|r²|kaggle|medal|speed-?up|genauigkeit|précision|acurácia|准确率|精度)(?:$|[\s_@])",
    re.I,
)
# A share or a rate, whatever it is of; other numbers may be versions.
RATE = re.compile(r"^[<>~≥+]? ?\d[\d.,]*\+? ?(?:%|dB|ms|fps|[kKM]?\+? ?/ ?(?:day|week|month|s))$")
FIGURE = re.compile(r"\d|pass|success", re.I)
NOWHERE = {"", "#", ".", "./"}  # links that lead to where one is
WORKFLOW = re.compile(
    r"(?:github\.com/[\w.-]+/[\w.-]+/(?:actions/)?workflows/|img\.shields\.io/github/(?:actions/)?workflow/status"
    r"/[\w.-]+/[\w.-]+/)([\w.%-]+\.ya?ml)"
)
NAMED_WORKFLOW = re.compile(r"github\.com/[\w.-]+/[\w.-]+/workflows/([\w.%+-]+)/badge\.svg")
OWNED = re.compile(r"github\.com/[\w.-]+/([\w.-]+)/(?:actions/)?workflows/")
CALLED = re.compile(r"^name:\s*['\"]?(.*?)['\"]?\s*(?:#.*)?$", re.M)
# What runs the tests elsewhere, and the file of the tree that tells it how.
SERVICES = (
    (re.compile(r"travis-ci\.(?:org|com)/[\w./-]+\.(?:svg|png)|img\.shields\.io/travis/"), (".travis.yml",)),
    (
        re.compile(r"circleci\.com/(?:gh|bb)/[\w./-]+\.(?:svg|png)|img\.shields\.io/circleci/"),
        (".circleci/config.yml", "circle.yml"),
    ),
    (re.compile(r"ci\.appveyor\.com/api/projects/status/|img\.shields\.io/appveyor/"), ("appveyor.yml",)),
    (re.compile(r"dev\.azure\.com/\S+/_apis/build/status"), ("azure-pipelines.yml",)),
    (re.compile(r"gitlab\.com/\S+/badges/\S+/(?:pipeline|coverage)\.svg"), (".gitlab-ci.yml",)),
    (re.compile(r"results\.pre-commit\.ci/badge/"), (".pre-commit-config.yaml",)),
)
# A link that opens a notebook of a repository: (owner/name, path).
NOTEBOOK = re.compile(
    r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)/blob/(?:main|master)/([^\s)\"'#?]+\.ipynb)"
)
# Services that show the coverage which a run sends to them, and the word without which nothing does.
UPLOADED = (
    (re.compile(r"codecov\.io/g[hl]/[\w./-]+\.svg|img\.shields\.io/codecov/"), "codecov"),
    (re.compile(r"coveralls\.io/repos/\S+badge|img\.shields\.io/coveralls"), "coveralls"),
    (re.compile(r"sonarcloud\.io/api/project_badges/"), "sonar"),
)
HEADED = re.compile(r"(#{1,6})\s+(.*)")
# What a section names as the place where its figures come from: a page, a file, a command.
WHENCE = re.compile(r"\]\((?!#)|https?://|`[^`]*(?:[/\\]|\.\w)[^`]*`|^\s*```")
ELSEWHERE = re.compile(r"uses:\s*[\w.-]+/[\w.-]+/\.github/workflows/")  # a workflow of another repository
TESTS = re.compile(r"pytest|unittest|\btox\b|\bnox\b|make test|coverage")
HIDDEN = (".gitignore", ".github/", ".gitlab-ci.yml", ".travis.yml", ".circleci/")


def unbacked(piece: Piece, target: Target, called: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, what is wrong): at most one of a kind a line.

    Args:
        called: the names that the workflows of the tree give themselves.
    """
    files = frozenset(target.files)
    workflows = any(path.startswith(".github/workflows/") for path in files)
    # Packages leave hidden files out; whether a service has its file is known where some are.
    hidden = "PKG-INFO" not in files and any(path.startswith(HIDDEN) for path in files)
    opened = set(NOTEBOOK.findall(piece.text))
    own = {repository for repository, path in opened if unquote(path) in files}
    for number, line in enumerate(piece.lines, start=1):
        if "http" not in line:
            continue
        wanted = [unquote(name).rpartition("/")[2] for name in WORKFLOW.findall(line)]
        absent = [name for name in wanted if f".github/workflows/{name}" not in files]
        absent += [
            name
            for name in map(unquote, NAMED_WORKFLOW.findall(line))
            if name not in called and not any(path.endswith((f"/{name}", f"/{name}.yml")) for path in files)
        ]
        if absent and (workflows or hidden or is_own(piece, line, files)):
            yield number, f"the badge of `{absent[0]}`, which is no workflow of the tree, shows nothing"
        lost = [path for repository, path in NOTEBOOK.findall(line) if repository in own and unquote(path) not in files]
        if lost:
            yield number, f"`{unquote(lost[0])}`, which opens in Colab, is not in the tree"
        for badge, names in SERVICES if hidden else ():
            if badge.search(line) and not any(path.endswith(names) for path in files):
                yield number, f"the badge of a service that `{names[0]}` would tell what to run, and there is none"
        for badge, word in UPLOADED if hidden else ():
            if badge.search(line) and is_silent(target, word):
                yield number, f"the badge of the coverage at {word}, to which nothing in the tree sends it"
        for match in STATIC.finditer(line):
            shown = written(match.group(1)) if match.group(1) else spelled(match.group(2))
            leads = leads_to(piece, number, line, match)
            nothing = leads in NOWHERE or REPOSITORY.fullmatch(leads) or SHIELDS.match(leads)
            mute = leads.startswith("#") and not says_whence(piece, leads)
            if shown and (nothing or mute or (hidden and not workflows and RUNS.search(leads))):
                yield number, f"the badge `{shown[:40]}` has no source"
            elif not SHOWN_ELSEWHERE.search(leads) and "PKG-INFO" not in files and not is_there(leads, piece, files):
                yield number, f"the badge leads to `{leads}`, which is not in the tree"


def is_own(piece: Piece, line: str, files: frozenset[str]) -> bool:
    """Whether the first page of a tree that is no package shows the workflow of a repository called like its code."""
    packed = "PKG-INFO" in files or any(".dist-info/" in path for path in files)
    names = [name.replace("-", "_").lower() for name in OWNED.findall(line)]
    own = any(f"{folder}{name}/__init__.py" in files for name in names for folder in ("", "src/"))
    return own and "/" not in piece.path and not packed


def says_whence(piece: Piece, anchor: str) -> bool:
    """Whether the section of a document to which a badge leads names a file, a command or a page; also an unknown one.

    One of a heading that is not there is unknown: an HTML anchor may stand anywhere.
    """
    wanted, level, told = re.sub(r"[^\w]", "", unquote(anchor)).lower(), 0, []
    for line in piece.lines:
        heading = HEADED.match(line)
        if heading and level and len(heading.group(1)) <= level:
            break
        if level:
            told.append(line)
        elif heading and re.sub(r"[^\w]", "", heading.group(2)).lower() == wanted:
            level = len(heading.group(1))
    return not level or any(map(WHENCE.search, told))


def written(badge: str) -> str:
    """`coverage 93%` of `coverage-93%25-green.svg`; "" for what is no measurement."""
    parts = unquote(badge).replace("--", "\0").split("-")
    if len(parts) == 1:  # as another service writes it
        parts = unquote(badge).split("/")
    label, value = " ".join(parts[:-2]) if len(parts) > 2 else "", parts[-2] if len(parts) > 1 else ""
    shown = f"{label} {value}".replace("\0", "-").replace("_", " ").strip()
    measured = MEASURED.search(label or value) or METRIC.search(label) or RATE.match(value)
    return shown if FIGURE.search(value) and measured else ""


def spelled(query: str) -> str:
    """`coverage 93%` of `label=coverage&message=93%25&color=green`; "" for what is no measurement."""
    given = dict(part.partition("=")[::2] for part in query.split("&"))
    label, message = (given.get(key, "").replace("-", "--") for key in ("label", "message"))
    return written(f"{label}-{message}-x")


def is_there(leads: str, piece: Piece, files: frozenset[str]) -> bool:
    """Whether a relative link of a document leads to a file or folder of the tree."""
    plain = unquote(leads).partition("#")[0].partition("?")[0].removeprefix("./").strip("/")
    beside = f"{piece.path.rpartition('/')[0]}/{plain}".strip("/")
    return not plain or any(path in (plain, beside) or path.startswith((f"{plain}/", f"{beside}/")) for path in files)


def is_silent(target: Target, word: str) -> bool:
    """Whether the tests of a tree run in its workflows or nowhere, and nothing but its documents names a service."""
    texts = [piece.text for piece in target.pieces if piece.kind is not Kind.MARKDOWN]
    workflows = [piece.text for piece in target.pieces if piece.path.startswith(".github/workflows/")]
    elsewhere = any(path.endswith(names) for _, names in SERVICES[:-1] for path in target.files)
    tested = any(map(TESTS.search, workflows)) or not (workflows or elsewhere)
    named = any(word in text.lower() for text in (*texts, *target.files))
    return tested and not named and not any(map(ELSEWHERE.search, workflows))


def called_in(target: Target) -> frozenset[str]:
    """The names that the workflows of a tree give themselves."""
    texts = [piece.text for piece in target.pieces if piece.path.startswith(".github/workflows/")]
    return frozenset(name for text in texts for name in CALLED.findall(text))


def leads_to(piece: Piece, number: int, line: str, match: re.Match[str]) -> str:
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
