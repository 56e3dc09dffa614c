"""Results that a document states and no other file of the tree holds."""

import re
from collections.abc import Iterator

from audit.target import Kind, Piece, Target

METRIC = re.compile(
    r"\b(?:accuracy|acc|top-?[15]|precision|recall|f1|auc|auroc|auprc|m?ap(?:@\d+)?|psnr|ssim|lpips|fid|bleu|rouge"
    r"|[wc]er|perplexity|m?iou|dice|hd95|[rm]?m[sa]e|rmsle|error rate|false \w+ rates?|r2|r²|mmlu|gsm8k|elo|map50"
    r"|(?:average|mean|median|episode|total|cumulative) (?:return|reward)s?|(?:returns?|rewards?) of|fps|user study"
    r"|agreement|kappa|ece|nll|brier|eer|dsc|hausdorff|pearson|spearman|s?mape|leaderboard|success rate|win rate"
    r"|(?:private|public) (?:lb|score)"
    r"|mos|rtf|pesq|stoi|si-?sdr|n?mae|nrmse|ndcg(?:@\d+)?|mrr|hits?@\d+|mcc|wape|crps|(?:val\w*|test|eval) loss"
    r"|pass@\d+|test coverage|(?:inference|training|run) ?time|latency|throughput|speed-?ups?|\d ?ms)\b"
    r"|\b\d[\d.]* ?(?:x|×|times|-fold) (?:faster|slower|quicker|speed-?up|less|fewer|smaller|cheaper)\b"
    r"|\d ?% (?:faster|slower|more accurate|less (?:memory|time|compute|vram)|fewer parameters)\b"
    r"|\b(?:achiev|outperform|improv|reduc|cut|rose|boost|sav|increas|drop|fell|detect|recogni[sz]|surpass|reach"
    r"|attain)\w*\b[^.%]{0,40}\d\.\d+\s?%"
    r"|^\|[\s*]*(?:ours|our \w+|proposed)\b",
    re.I,
)
BEATS = re.compile(r"\b(?:preferred|outperform\w*|beats?|surpass\w*)\b[^.%]{0,60}\d\s?%", re.I)
# Two digits after the point, a percentage, or how many times faster: what somebody measured.
FIGURE = re.compile(
    r"(?<![\w.,:/@=<>~^±–-])(?<![≥≤<>~±/] )(\d{1,4}\.\d{1,6})(?![\w.]*\.\w|°|[-–]\d)\b"
    r"|(?<![\w.,/=<>~±–-])(?<![≥≤<>~±/] )(\d{1,3}(?:\.\d+)?)\s?\\?%"
    r"|(?<![\w.,/=<>~-])(\d[\d.]*) ?(?:x|×|times|-fold) (?:faster|slower|quicker|speed-?up|less|fewer|smaller"
    r"|cheaper)\b",
    re.I,
)
# Words and signs by which a sentence says where its figures come from; a piece of code names what measured them.
SOURCE = re.compile(
    r"\]\(|\]\[|https?://|(?<!than the )(?<!than in the )\bpaper\b|et al\b"
    r"|\bauthors?\b|\boriginal\b|\breported\b|\bpublished\b|\barxiv\b|\[\d+\]"
    r"|^(?!.*\b(?:our|ours|we)\b).*\bbaselines?\b"
    r"|`[^`]*(?:[/\\]|\.(?:py|sh|csv|tsv|jsonl?|log|txt|md|ipynb|ya?ml)\b)[^`]*`"
    r"|`make \S+`",
    re.I,
)
# What is said for all that follows it in the section: where the figures lie, or what prints them.
RECORD = re.compile(
    r"\]\([^)\s]*(?:result|\blogs?\b|report|metric|bench|eval|reproduc|wandb|\.csv|\.json|arxiv|doi\.org|paper"
    r"|openreview)"
    r"|\breproduced? (?:with|by|using)\b|\braw (?:numbers|results|data|logs)\b"
    r"|\b(?:numbers|results|figures) (?:come|are) from\b",
    re.I,
)
PAPER = re.compile(r"\]\([^)\s]*(?:arxiv|doi\.org|openreview)[^)\s]*\)")  # which speaks for figures beside it only
LINKED = re.compile(r"\]\(([^)\s#]+\.(?:csv|tsv|jsonl?|ya?ml|log|txt|md))\b")  # what can be looked into
ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s")
# HTML, whose sizes are no results; what somebody is quoted with; code; formulas.
TAG = re.compile(r"<[^<>]*>|^\s*>.*|`[^`]*`|\$\$?[^$]*\$\$?")
NO_RESULT = re.compile(
    r"\be\.g\.|\bexamples?\b|\bdefaults?\b|\bthreshold|\bversion\b(?! v?\d)|\bconfidence (?:interval|level|limit)"
    r"|\b(?:limits?|intervals?|percentiles?|quantiles?) of\b"
    r"|\bCI\b|\bfloor|\bclip|\bdropout\b|\blearning rate\b|\bweight decay\b"
    r"|\bobjectives?\b|\bgoals?\b|\btargets?\b|\baims?\b|\bat (?:least|most)\b|\bup to\b|\bmust\b|\bshould\b",
    re.I,
)
# Sections that state results without naming a metric, and those that state what is wanted or what it looks like.
RESULTS = re.compile(r"\b(?:results?|performance|benchmarks?|scores?|quality|accuracy|leaderboard|findings)\b", re.I)
WANTED = re.compile(
    r"\b(?:objectives?|goals?|targets?|roadmap|examples?|requirements?|usage|configuration|abstract|citation|citing"
    r"|references?|credits?|acknowledge?ments?)\b",
    re.I,
)
HEADING = re.compile(r"^(#{1,6})\s+(.*)")
UNDERLINE = re.compile(r"^(?:={3,}|-{3,}|~{3,}|\^{3,})\s*$")
NAMED = re.compile(  # the words before a figure that is a version or a number of something
    r"\b(?:cuda|python|pytorch|torch|tensorflow|keras|numpy|ubuntu|rocm|opset|node|release|version|v"
    r"|section|figure|fig\.|table"
    r"|eq\.?|qwen|llama|gpt|phi|mistral|gemma|claude|yolo\w*|sdxl?|diffusion|gemini|apache|license)[\s-]*$",
    re.I,
)
LOGGED = re.compile(r"\b(?:INFO|DEBUG|WARNING)\b|^\s*\d{4}-\d\d-\d\d \d\d:")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z*])")
NUMBER = re.compile(r"(?<![\d.])\d{1,12}\.\d{1,18}")
# What no run writes: documents that are copied or packed, manifests with versions, workflows.
NO_RUN = re.compile(
    r"(^|/)(?:README[^/]*|PKG-INFO|METADATA|LICEN[CS]E[^/]*|pyproject\.toml|setup\.cfg|Pipfile|Dockerfile|mkdocs\.yml"
    r"|[^/]*(?:requirements|constraints|environment)[^/]*\.(?:txt|in|ya?ml)|[^/]*\.lock|package(?:-lock)?\.json)$"
    r"|(^|/)(?:requirements|\.github|\.circleci)/|(^|/)\.pre-commit-config\.yaml$",
    re.I,
)
RUN = re.compile(r"result|log|metric|report|eval|bench|score|output|history|\.ipynb$", re.I)
FENCE = re.compile(r"^\s*(```|~~~)")
NEAR = 25  # characters between a whole percentage and what it is a percentage of
LONGEST = 500  # characters of a sentence that is looked at
LONGEST_LINE = 5000
LARGEST = 500_000  # characters of a file; a larger one is data, in which any number stands


def unsourced(piece: Piece, target: Target) -> Iterator[tuple[int, str]]:
    """(line, figure) of results in a document that no other file holds, neither so nor with more digits.

    A figure of whole numbers, which something always rounds to, is looked for in files of results only.
    """
    stated = list(stated_in(piece, frozenset(target.files)))
    held = list(numbers_of(target, piece.path)) if stated else []
    rounded: dict[int, set[str]] = {}
    for line, figure in stated:
        plain = figure.rstrip("x")
        digits = len(plain.partition(".")[2])
        if digits not in rounded:
            known = {number for path, numbers in held if digits or RUN.search(path) for number in numbers}
            rounded[digits] = {f"{form:.{digits}f}" for number in known for form in (number, 100 * number)}
        if plain not in rounded[digits] or (plain != figure and not digits):
            yield line, figure


def stated_in(piece: Piece, files: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, figure) of sentences and tables that name a metric or stand under results, and no source beside them.

    A link to a file of the tree speaks for its paragraph and the tables and lists below, in which figures may be
    worked out of those that the file holds; sentences further on have to stand in a file themselves.
    """
    inside = table = sourced = recorded = filed = same = False
    trail: list[str] = []
    for number, line in prose(piece):
        heading = HEADING.match(line)
        underlined = UNDERLINE.match(line) is not None and bool(piece.line(number - 1))
        if heading or underlined:
            level, title = (len(heading.group(1)), heading.group(2)) if heading else (1, piece.line(number - 1))
            trail = [*(trail + [""] * level)[: level - 1], title] if trail else [""]  # the first is the project's name
            inside = recorded = sourced = filed = False
            continue
        titles = " ".join(trail)
        if WANTED.search(titles) and not RESULTS.search(titles):
            continue
        if "|" not in line:
            same &= bool(line.strip())
            if RECORD.search(line) and not (PAPER.search(line) and FIGURE.search(TAG.sub(" ", PAPER.sub(" ", line)))):
                filed = same = any(link.removeprefix("./") in files for link in LINKED.findall(line))
                recorded |= not filed
            inside = table = False
            sourced = SOURCE.search(line) is not None if line.strip() else sourced
        elif not inside:
            inside, table = True, METRIC.search(line) is not None
            sourced |= SOURCE.search(line) is not None
        beside = filed and (inside or same or ITEM.match(line) is not None)
        if recorded or beside or (sourced and inside) or not FIGURE.search(line):
            continue
        for sentence in SENTENCE.split(line):
            if not SOURCE.search(sentence) and len(sentence) <= LONGEST:
                told = table or RESULTS.search(titles) is not None
                yield from ((number, figure) for figure in figures(TAG.sub(" ", sentence), told))


def figures(sentence: str, told: bool) -> Iterator[str]:
    """Results in one sentence or row; where no heading tells that it holds some, only those near a metric's name."""
    told = told or BEATS.search(sentence) is not None
    if NO_RESULT.search(sentence) or LOGGED.search(sentence) or not (told or METRIC.search(sentence)):
        return
    for match in FIGURE.finditer(sentence):
        point, share, times = match.groups()
        around = sentence[max(0, match.start() - NEAR) : match.end() + NEAR]
        if NAMED.search(sentence[: match.start()]):
            continue
        if times:
            yield f"{times}x"
        elif point or "." in share or told or METRIC.search(around):
            yield point or share


def prose(piece: Piece) -> Iterator[tuple[int, str]]:
    """(number, line) without blocks of code: fenced ones and, in reStructuredText, those that `::` begins."""
    fenced = literal = False
    rest = piece.path.lower().endswith(".rst")
    for number, line in enumerate(piece.lines, start=1):
        fence = FENCE.match(line)
        fenced ^= bool(fence)
        literal = rest and (literal and (not line.strip() or line[:1].isspace()))
        if not fenced and not fence and not literal and len(line) <= LONGEST_LINE:
            yield number, line
        literal |= rest and (line.rstrip().endswith("::") or line.startswith(".. "))


def numbers_of(target: Target, document: str) -> Iterator[tuple[str, set[float]]]:
    """(path, numbers with a decimal point) of what runs leave behind: text of every kind, and what notebooks print."""
    for piece in target.pieces:
        may_be_left = piece.kind is not Kind.PYTHON and piece.path != document and not NO_RUN.search(piece.path)
        if may_be_left and len(piece.text) < LARGEST:
            yield piece.path, {float(number) for number in NUMBER.findall(piece.text)}
