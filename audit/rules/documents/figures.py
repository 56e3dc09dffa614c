"""Results that a document states and no other file of the tree holds."""

import re
from collections.abc import Iterator

from audit.rules.documents.measures import BEATS, FIGURE, METRIC, claimed
from audit.target import Kind, Piece, Target

# Words and signs by which a sentence says where its figures come from; a piece of code names what measured them.
SOURCE = re.compile(
    r"\]\(|\]\[|https?://|\bpaper\b|et al\b"
    r"|\bauthors?\b|\boriginal\b|\breported\b|\bpublished\b|\barxiv\b|\[\d+\]"
    r"|^(?!.*\b(?:our|ours|we)\b)(?!.*\b(?:than|over|above|beats?|against|vs\.?) (?:the |a )?(?:\w+ ){0,2}baseline)"
    r".*\bbaselines?\b|论文|論文|논문"
    r"|`[^`]*(?:[/\\]|\.(?:py|sh|csv|tsv|jsonl?|log|txt|md|ipynb|ya?ml)\b)[^`]*`"
    r"|`make \S+`",
    re.I,
)
# What figures of one's own are compared with, which is no source of theirs.
RIVAL = re.compile(
    r"\b(?:than|above|over|beats?|beating|outperform\w*|surpass\w*|exceed\w*) (?:(?:what|in|is|was|by|of|that) )*"
    r"(?:(?:the|all|any|every|a|previously|best|other|their|original|published|[\w-]+['’]s) )*"
    r"(?:paper|published|original|reported|authors?)\b(?!['’]s? \d| \d|[^.]{0,20}\(\d)",
    re.I,
)
# The limits between which a figure is said to lie.
LIMITS = re.compile(r"[(\[]\s*9\d(?:\.\d)? ?% ?(?:-?CI|confidence|credible|bootstrap|KI)\b[^()\[\]]*[)\]]", re.I)
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
    r"|\bCI\b|\bfloor|\bclipp(?:ed|ing)\b|\bclip[-_ ]?(?:norm|grad|range|value|at\b|to\b)"
    r"|\bdropout\b|\blearning rate\b|\bweight decay\b"
    r"|\bdownloading\b|\bchance\b|\b(?:above|below|over|under)\b[^,;]*\b(?:is|are) (?:\w+ ){0,2}(?:good|bad|poor)\b"
    r"|\b(?:cannot|can't)\b|\bobjectives?\b|\bgoals?\b|\btargets?\b|\baims?\b|\bat (?:least|most)\b"
    r"|\bup to\b(?! \d[\d.]*(?: ?[x×%]| times))|\bmust\b|\bshould\b|\bha(?:s|ve) to\b|\bmetrics? (?:is|are)\b",
    re.I,
)
# Sections that state results without naming a metric, and those that state what is wanted or what it looks like.
RESULTS = re.compile(
    r"\b(?:results?|performance|benchmarks?|scores?|quality|accuracy|leaderboard|findings"
    r"|ergebnisse|résultats|resultados|risultati|результаты|sonuçlar|wyniki|resultaten)\b"
    r"|结果|結果|实验|実験|결과|性能",
    re.I,
)
WANTED = re.compile(
    r"\b(?:roadmap|examples?|requirements?|usage|configuration|abstract|citation|citing"
    r"|references?|credits?|acknowledge?ments?)\b",
    re.I,
)
# A heading of aims ends in the word; `Which objective` and `Target variable` head what was found out.
AIMS = re.compile(
    r"^(?!.*(?:\?|\b(?:which|what|why|how|choice|choosing|comparing|soft|hard|loss|training)\b))"
    r".*\b(?:objectives?|goals?|targets?)"
    r"\s*(?:$|[^\w\s]|(?:and|of|for|metrics?|performance|scores?|accuracy|values?|levels?)\b)",
    re.I,
)
# A section, and a paragraph, in which a paper speaks for itself.
OF_A_PAPER = re.compile(r"\W*(?:the )?(?:papers?|publications?)\W*", re.I)
ABSTRACT = re.compile(r"^\W*abstract\W*:", re.I)
HEADING = re.compile(r"^(#{1,6})\s+(.*)")
UNDERLINE = re.compile(r"^(?:={3,}|-{3,}|~{3,}|\^{3,})\s*$")
NAMED = re.compile(  # the words before a figure that is a version or a number of something
    r"\b(?:cuda|python|pytorch|torch|tensorflow|keras|numpy|ubuntu|rocm|opset|node|release|version|v"
    r"|at (?:an )?iou(?: of)?|section|figure|fig\.|table"
    r"|eq\.?|qwen|llama|gpt|phi|mistral|gemma|claude|yolo\w*|sdxl?|diffusion|gemini|apache|license)[\s-]*$",
    re.I,
)
LOGGED = re.compile(r"\b(?:INFO|DEBUG|WARNING)\b|^\s*\d{4}-\d\d-\d\d \d\d:")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-ÞА-Я*])|(?<=。)")
LINK = re.compile(r"\[[^\]\[]{1,200}\]\([^)\s]{1,300}\)")
NUMBER = re.compile(r"(?<![\d.])\d{1,12}\.\d{1,18}")
WHOLE = re.compile(r"(?<![\w.])\d{2,6}(?![\w.])")  # in what is small enough to hold results only
# What no run writes: documents that are copied or packed, manifests with versions, workflows.
NO_RUN = re.compile(
    r"(^|/)(?:README[^/]*|PKG-INFO|METADATA|LICEN[CS]E[^/]*|pyproject\.toml|setup\.cfg|Pipfile|Dockerfile|mkdocs\.yml"
    r"|[^/]*(?:requirements|constraints|environment)[^/]*\.(?:txt|in|ya?ml)|[^/]*\.lock|package(?:-lock)?\.json)$"
    r"|(^|/)(?:requirements|\.github|\.circleci)/|(^|/)\.pre-commit-config\.yaml$",
    re.I,
)
RUN = re.compile(r"result|log|metric|report|eval|bench|score|output|history|\.ipynb$", re.I)
FENCE = re.compile(r"^\s*(```|~~~)")
# What is said above a block that shows what a run has reached, and not only what it looks like.
REACHED = re.compile(r"^\W*(?:you|we)(?: will|['’]ll| should| can)? (?:get|obtain|reach)\b[^.]*[:：][^\w.:：]*$", re.I)
NEAR = 25  # characters between a whole percentage and what it is a percentage of
ALL = 100  # per cent
LONGEST = 500  # characters of a sentence that is looked at
LONGEST_LINE = 5000
TIMES = re.compile(r"\dx$")
SOME = re.compile(r"\d|twice|times|order of|first|second|third")  # without one of these nothing is stated
PLAIN = re.compile(r"[^\d.,].*|[.,](?!\d)|,(?=\d{3}\b)(?<!\b0,)")  # all but the first number of a figure
# What says, in a sentence beside figures, which program or file they come from.
MEASURED_BY = re.compile(
    r"\b(?:measured|computed|produced|obtained|generated|logged|recorded|stored|evaluated|taken|come|comes|timed"
    r"|summari[sz]ed) (?:\w+ ){0,3}(?:with|by|from|in|using|to) [^.]{0,30}(?:`[^`]*[./ ][^`]*`|\]\()",
    re.I,
)
# What a sentence below a table says of where its figures stand.
BELOW = ("|", "</table", "- ", "* ", "+", "=")
CREDIT = re.compile(
    r"^(?!.*\b(?:other|more|further|additional)\b).*\b(?:numbers|results|figures|scores|values|see|from|taken)\b"
    r"[^.]{0,60}\b(?:papers?|reports?|section|appendix)\b",
    re.I,
)
OPENS_TABLE = re.compile(r"<table\b", re.I)
BORDER = re.compile(r"^\s*=+(?:\s+=+)+\s*$")  # of a table in reStructuredText
MEASURE = re.compile(r"\b(?:time|seconds?|ms|memory|vram|rank|speed)\b", re.I)
CELL = re.compile(r"\d{2,5}")
SMALL = 20_000
LARGEST = 500_000  # characters of a file; a larger one is data, in which any number stands


def unsourced(piece: Piece, target: Target) -> Iterator[tuple[int, str]]:
    """(line, figure) of results in a document that no other file holds, neither so nor with more digits.

    Whole numbers, and how many times faster something is, which some number always rounds to, are looked for in files
    of results only.
    """
    stated = list(stated_in(piece, frozenset(target.files)))
    held = list(numbers_of(target, piece.path)) if stated else []
    rounded: dict[tuple[int, bool], set[str]] = {}
    for line, figure in stated:
        plain = PLAIN.sub("", figure).replace(",", ".")
        digits = len(plain.partition(".")[2])
        times = TIMES.search(figure) is not None
        anywhere = digits > 0 and not times
        if (digits, anywhere) not in rounded:
            known = {number for path, numbers in held if anywhere or RUN.search(path) for number in numbers}
            rounded[digits, anywhere] = {f"{form:.{digits}f}" for number in known for form in (number, 100 * number)}
        if plain not in rounded[digits, anywhere] or (times and not digits):
            yield line, figure


def stated_in(piece: Piece, files: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, figure) of sentences and tables that name a metric or stand under results, and no source beside them.

    A link to a file of the tree or to a paper speaks for its paragraph and the tables and lists below, in which figures
    may be worked out of those that the file holds; sentences further on have to stand in a file themselves.
    """
    inside = table = recorded = filed = same = marked = False
    above: list[str] = []  # the last line of text, and the head of a table below it
    trail: list[str] = []
    columns: list[int] = []
    backed = beside_source(piece)
    for number, line in prose(piece):
        heading = HEADING.match(line)
        underlined = UNDERLINE.match(line) is not None and bool(piece.line(number - 1))
        if heading and trail and number not in backed and not SOURCE.search(line):
            stated = list(figures(TAG.sub(" ", heading.group(2)), told=False))
            yield from ((number, figure) for figure in stated)
        if heading or underlined:
            level, title = (len(heading.group(1)), heading.group(2)) if heading else (1, piece.line(number - 1))
            trail = [*(trail + [""] * level)[: level - 1], title] if trail else [""]  # the first is the project's name
            inside = recorded = filed = False
            above = []
            continue
        titles = " ".join(trail)
        if (WANTED.search(titles) or any(map(AIMS.search, trail))) and not RESULTS.search(titles):
            continue
        if ABSTRACT.match(line) or (trail and OF_A_PAPER.fullmatch(trail[-1])):
            continue
        marked = (marked or OPENS_TABLE.search(line) is not None) and "</table" not in line
        if marked or OPENS_TABLE.search(line):
            inside, table = True, (table and inside) or METRIC.search(line) is not None
        elif BORDER.match(line):
            inside = table = METRIC.search(piece.line(number + 1)) is not None or (inside and table)
            continue
        elif "|" not in line and not (inside and piece.path.endswith(".rst") and line.strip()):
            same &= bool(line.strip())
            if RECORD.search(line) and not (PAPER.search(line) and FIGURE.search(TAG.sub(" ", PAPER.sub(" ", line)))):
                cited = PAPER.search(line) is not None and RECORD.search(PAPER.sub(" ", line)) is None
                filed = same = cited or any(link.removeprefix("./") in files for link in LINKED.findall(line))
                recorded |= not filed
            inside = table = False
            columns = []
            above = [line] if line.strip() else above
        elif not inside:
            inside, table = True, METRIC.search(line) is not None
            above = [*above, line]
            heads = enumerate(line.split("|"))
            columns = [place for place, cell in heads if METRIC.search(cell) or MEASURE.search(cell)]
        beside = filed and (inside or same or ITEM.match(line) is not None)
        if recorded or beside or number in backed or not SOME.search(line):
            continue
        if inside and any(map(SOURCE.search, above)):
            continue
        cells = line.split("|")
        whole = [cells[place].strip("* ") for place in columns if place < len(cells)]
        if not SOURCE.search(line):
            yield from ((number, cell) for cell in whole if CELL.fullmatch(cell))
        for sentence in sentences(line):
            if not SOURCE.search(RIVAL.sub(" ", sentence)) and len(sentence) <= LONGEST:
                told = table or RESULTS.search(titles) is not None
                yield from ((number, figure) for figure in figures(TAG.sub(" ", sentence), told))


def sentences(line: str) -> list[str]:
    """A line's sentences: a full stop in the text of a link, such as that of a journal's name, ends none."""
    return SENTENCE.split(LINK.sub(lambda match: match.group().replace(" ", "_"), line))


def beside_source(piece: Piece) -> set[int]:
    """Lines of paragraphs, tables and lists of which a sentence beside them says what measured their figures."""
    backed: set[int] = set()
    blocks: list[list[int]] = [[]]
    for number, line in prose(piece):
        if line.strip():
            blocks[-1].append(number)
        elif blocks[-1]:
            blocks.append([])
    for position, block in enumerate(blocks):
        lines = [line for line in map(piece.line, block) if "`" in line or "](" in line]
        said = [sentence for line in lines for sentence in sentences(line[:LONGEST_LINE])]
        above = blocks[position - 1] if position else []
        if above and piece.line(above[-1]).startswith(BELOW) and CREDIT.search(piece.line(block[0]) if block else ""):
            backed.update(above)
        if any(MEASURED_BY.search(sentence) and not re.search(r"\d", TAG.sub(" ", sentence)) for sentence in said):
            backed.update(block)
            if above and piece.line(above[-1]).startswith(BELOW):
                backed.update(above)
    return backed


def figures(sentence: str, told: bool) -> Iterator[str]:
    """Results in one sentence or row; where no heading tells that it holds some, only those near a metric's name."""
    sentence = LIMITS.sub(" ", sentence)
    if NO_RESULT.search(sentence) or LOGGED.search(sentence):
        return
    claims = claimed(sentence)
    yield from claims
    shown = list(FIGURE.finditer(sentence))
    if is_split(shown) and not (METRIC.search(sentence) or BEATS.search(sentence)):
        return
    told = told or (bool(shown) and BEATS.search(sentence) is not None)
    if not shown or not (told or METRIC.search(sentence)):
        return
    for match in shown:
        point, share, times, turned = match.groups()
        share = share or turned
        around = sentence[max(0, match.start() - NEAR) : match.end() + NEAR]
        if NAMED.search(sentence[: match.start()]):
            continue
        if times:
            yield f"{times}x"
        elif any(match.group() in claim for claim in claims):
            continue
        elif point or re.search(r"[.,]", share) or told or METRIC.search(around):
            yield point or share


def is_split(shown: list[re.Match[str]]) -> bool:
    """Whether figures are the shares of a whole, `70 %, 15 % and 15 %`: how data are divided, and no result."""
    shares = [match[1] or match[2] or match[4] for match in shown if not match[3]]
    return len(shares) == len(shown) > 1 and sum(float(share.replace(",", ".")) for share in shares) == ALL


def prose(piece: Piece) -> Iterator[tuple[int, str]]:
    """(number, line) without comments of HTML and blocks of code: fenced, and those that `::` begins in .rst.

    A block below `You will get:` counts: its figures are promised.
    """
    fenced = promised = literal = hidden = False
    rest = piece.path.lower().endswith(".rst")
    above = ""
    for number, line in enumerate(piece.lines, start=1):
        fence = FENCE.match(line)
        if fence:
            fenced = not fenced
            promised = fenced and len(above) <= LONGEST_LINE and REACHED.match(above) is not None
        above = line if line.strip() else above
        literal = rest and (literal and (not line.strip() or line[:1].isspace()))
        unseen = hidden or line.lstrip().startswith("<!--")
        if "<!--" in line or "-->" in line:
            hidden = line.rfind("<!--") > line.rfind("-->")
        if not unseen and (promised or not fenced) and not fence and not literal and len(line) <= LONGEST_LINE:
            yield number, line
        literal |= rest and (line.rstrip().endswith("::") or line.startswith(".. "))


def numbers_of(target: Target, document: str) -> Iterator[tuple[str, set[float]]]:
    """(path, numbers with a decimal point) of what runs leave behind: text of every kind, and what notebooks print."""
    for piece in target.pieces:
        may_be_left = piece.kind is not Kind.PYTHON and piece.path != document and not NO_RUN.search(piece.path)
        if may_be_left and len(piece.text) < LARGEST:
            numbers = NUMBER.findall(piece.text)
            if len(piece.text) < SMALL and RUN.search(piece.path) and not piece.path.endswith(".ipynb"):
                numbers += WHOLE.findall(piece.text)
            yield piece.path, {float(number) for number in numbers}
