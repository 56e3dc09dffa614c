"""Results that a document states and no other file of the tree holds."""

import re
from collections.abc import Iterator

from audit.target import Kind, Piece, Target

METRIC = re.compile(
    r"\b(?:accuracy|acc|top-?[15]|precision|recall|f1|auc|auroc|auprc|m?ap(?:@\d+)?|psnr|ssim|lpips|fid|bleu|rouge"
    r"|[wc]er|perplexity|m?iou|dice|hd95|[rm]?m[sa]e|rmsle|error rate|false \w+ rates?|r2|r²|mmlu|gsm8k|elo|map50"
    r"|(?:average|mean|episode) (?:return|reward)|returns?|rewards?|fps|user study|agreement|kappa|ece|nll|brier|eer"
    r"|dsc|hausdorff|pearson|spearman|s?mape|(?:inference|training|run) ?time|latency|throughput|speed-?up|\d ?ms)\b"
    r"|\b\d[\d.]* ?(?:x|×|times) faster\b",
    re.I,
)
# Two digits after the point, or a percentage: what somebody measured.
FIGURE = re.compile(
    r"(?<![\w.,:/@=<>~^-])(\d{1,4}\.\d{1,4})(?![\w.]*\.\w)\b|(?<![\w.,/=<>-])(\d{1,3}(?:\.\d+)?)\s?\\?%"
)
# Words and signs by which a sentence says where its figures come from.
SOURCE = re.compile(
    r"\]\(|https?://|\bpaper\b|et al\b|\bauthors?\b|\boriginal\b|\breported\b|\bpublished\b|\barxiv\b|\[\d+\]"
    r"|^(?!.*\b(?:our|ours|we)\b).*\bbaseline",
    re.I,
)
TAG = re.compile(r"<[^<>]*>|^\s*>.*")  # of HTML, whose sizes are no results; what somebody is quoted with
NO_RESULT = re.compile(r"\be\.g\.|\bfor example\b|\bdefault|\bthreshold|\bversion\b|`", re.I)
NUMBER = re.compile(r"(?<![\d.])\d{1,12}\.\d{1,18}")
# What no run writes: documents that are copied or packed, manifests with versions, workflows.
NO_RUN = re.compile(
    r"(^|/)(?:README[^/]*|PKG-INFO|METADATA|LICEN[CS]E[^/]*|pyproject\.toml|setup\.cfg|Pipfile|Dockerfile|mkdocs\.yml"
    r"|[^/]*(?:requirements|constraints|environment)[^/]*\.(?:txt|in|ya?ml)|[^/]*\.lock|package(?:-lock)?\.json)$"
    r"|(^|/)(?:requirements|\.github|\.circleci)/|(^|/)\.pre-commit-config\.yaml$",
    re.I,
)
FENCE = re.compile(r"^\s*(```|~~~)")
NEAR = 25  # characters between a whole percentage and what it is a percentage of
LONGEST = 500  # characters of a line that is looked at
LARGEST = 500_000  # characters of a file; a larger one is data, in which any number stands


def unsourced(piece: Piece, target: Target) -> Iterator[tuple[int, str]]:
    """(line, figure) of results in a document that no other file holds, neither so nor with more digits."""
    stated = list(stated_in(piece))
    known = numbers_of(target, piece.path) if stated else ()
    rounded: dict[int, set[str]] = {}
    for line, figure in stated:
        digits = len(figure.partition(".")[2])
        if digits not in rounded:
            rounded[digits] = {f"{form:.{digits}f}" for number in known for form in (number, 100 * number)}
        if figure not in rounded[digits]:
            yield line, figure


def stated_in(piece: Piece) -> Iterator[tuple[int, str]]:
    """(line, figure) of sentences and tables that name a metric, and no source beside it."""
    fenced = table = sourced = False
    for number, line in enumerate(piece.lines, start=1):
        fence = FENCE.match(line)
        fenced ^= bool(fence)
        line = line if len(line) > LONGEST else TAG.sub(" ", line)
        if fenced or fence or len(line) > LONGEST:
            continue
        if "|" not in line:
            table = False
            sourced = bool(SOURCE.search(line)) if line.strip() else sourced
        elif not table:
            table = METRIC.search(line) is not None
            sourced |= bool(SOURCE.search(line))
        if not sourced and not NO_RESULT.search(line) and not SOURCE.search(line) and (table or METRIC.search(line)):
            for match in FIGURE.finditer(line):
                around = line[max(0, match.start() - NEAR) : match.end() + NEAR]
                if match.group(1) or "." in match.group(2) or table or METRIC.search(around):
                    yield number, match.group(1) or match.group(2)


def numbers_of(target: Target, document: str) -> set[float]:
    """Numbers with a decimal point in what runs leave behind: text of every kind, and what notebooks print."""
    texts = (
        piece.text
        for piece in target.pieces
        if piece.kind is not Kind.PYTHON and piece.path != document and not NO_RUN.search(piece.path)
    )
    return {float(number) for text in texts if len(text) < LARGEST for number in NUMBER.findall(text)}
