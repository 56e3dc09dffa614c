"""Paths that exist on one person's machine only."""

import ast
import re
from collections.abc import Iterator
from itertools import islice

from audit import notebooks
from audit.model import Confidence, Finding, Rule, Severity, found
from audit.rules.code import TEST_PATH, called, comments, docstrings, text_of
from audit.rules.family import Family, rule
from audit.rules.paths.joined import UNKNOWN, joined, joins, named
from audit.rules.paths.shown import as_shown
from audit.target import Kind, Piece, Target
from audit.trees import inside

WINDOWS = rule(
    "paths.windows",
    title="Windows drive in a path",
    why="The file is found on no machine without that drive and folder, and the code stops there.",
    fix="Take the path from an argument or the configuration, relative to the project.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
HOME = rule(
    "paths.home",
    title="Somebody's home directory in a path",
    why="The path exists for one user only, and names that user.",
    fix="Take the path from an argument or the configuration, or start from Path.home().",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
MOUNT = rule(
    "paths.mount",
    title="Colab, Drive or Kaggle mount in a path",
    why="The path exists in one hosted notebook service only.",
    fix="Take the path from an argument or the configuration, with the mount as one possible value.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
SERVER = rule(
    "paths.server",
    title="Disk of one server or cluster in a path",
    why="The folder is mounted on one site's machines only; for everyone else the file is not there.",
    fix="Take the path from an argument or the configuration, relative to the project.",
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)
REPEATED = rule(
    "paths.repeated",
    title="The same two folders twice in one path",
    why="A path that was joined twice; the file is looked for where it is not.",
    fix="Join the part once.",
    severity=Severity.MINOR,
    confidence=Confidence.MEDIUM,
)
OUTPUT = rule(
    "paths.output",
    title="Somebody's home directory in a notebook's output",
    why="The output names the user and the machine it was run on; nobody else can repeat it there.",
    fix="Run the notebook with relative paths, or clear its outputs before committing.",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
)

SAID = {  # of a path that breaks a rule
    WINDOWS: "begins with a drive of Windows",
    HOME: "lies in one user's home directory",
    MOUNT: "is a path of a hosted notebook service",
    SERVER: "lies on a disk that only some machines have",
    REPEATED: "stands twice in a row",
}

START = r"(?:^|(?<=[\s'\"=:(,\[!@])|(?<=file://))"
PATTERNS: tuple[tuple[Rule, re.Pattern[str]], ...] = (
    (WINDOWS, re.compile(
        START + r"(?!(?i:c:[\\/]{1,2}te?mp)\b)[A-Za-z]:[\\/]{1,2}"
        r"(?!Program(?: Files|Data)|path[\\/]|(?i:windows|nvidia|inetpub|boot\.ini)\b|Users[\\/]{1,2}\{)"
        r"\w[\w. ()-]+(?:[\\/]|$|(?=['\"]))"
    )),
    (HOME, re.compile(
        START + r"(?<!\b[A-Za-z]:)(?:/mnt/[a-z]|/(?:groups|cluster)/[\w-]+|/(?:data|nfs|disk|raid|ssd)\d*"
        r"|/(?:net|global|export|storage|work|share))?"
        r"/(?:homes?\d?|Users)/"
        r"(?!(?:your[-_]?\w*|you|me|user_?name|name|USER|USERNAME|jovyan|user|runner|sandbox"
        r"|vscode|docker|app|ec2-user|coder|travis|circleci|runneradmin|vagrant|gitpod|codespace)\b)[A-Za-z][\w.-]*"
    )),
    (MOUNT, re.compile(
        START + r"(?:/content/(?:g?drive\b|[\w.-]+/[\w.-]|[\w-]+\.\w)|/g?drive/(?:My ?Drive|Shared)"
        r"|/kaggle/(?:input|working)|/root/autodl-)"
    )),
    (SERVER, re.compile(
        START + r"(?:/(?:(?:net|local)?scratch|nfs|gpfs|lustre|beegfs|raid|ssd|hdd|nas|data(?=\d))\d*"
        r"/[\w.-]+(?=/|$|['\"])"
        r"|/mnt/(?!data\b|disks\b|models?\b|[a-z]/|input|output)[\w.-]+/[\w.-]+"
        r"|/mnt/[a-z]/(?!(?:homes?\d?|Users)/)\w[\w. ()-]*(?:/|$|(?=['\"]))"  # drives of Windows, as Linux sees them
        r"|/(?:Volumes|glade)/(?!\S*\.dmg)[\w. -]+/"
        r"|/(?:projects?|groups|cluster)/(?!\d+/|[\w.-]+/(?:home|Users)/)[\w.-]+/[\w.-]+/[\w.-]+"
        r"|(?:(?<=^)|(?<=['\"= ]))\\\\\w[\w.-]+\\{1,2}(?!\w*(?:line|rule)\b)[\w$.-]+\\{1,2}[\w$.-]+"
        r"|/media/[\w.-]+/(?:[\w -]*[A-Z][\w -]*(?=/|$)|(?:[0-9a-f]+-){4}[0-9a-f]{12}(?=/|$)"
        r"|(?:hdd|ssd|disk|data|usb|sd[a-z]|nvme|backup|vol|volume|storage|drive)\w{0,2}/[\w.-]))"
    )),
    (REPEATED, re.compile(
        r"(?:^|(?<=[\s'\"=:(,\[/]))((?=[\w.-]*[A-Za-z])[\w.-]{1,80}(?:/(?:[\w.-]{1,80}|\{\})){0,3}/[\w.-]{1,80})/\1"
        r"(?:/|$|(?=[\s'\",)\]]))"
    )),
)  # fmt: skip
# In a configuration a folder of a container; where code fixes it, the code runs where that is mounted only.
MOUNTED = re.compile(START + r"/mnt/(?:data|disks|models?)/[\w.-]")
HOSTED = re.compile(START + r"/content/\w")  # in a notebook there is no other reading
PERSONAL = re.compile(  # less the users of containers and of hosted notebooks
    r"(?<![\w/.])(?:/home/(?!(?:jovyan|user|ubuntu|runner|ec2-user|coder|docker|app)\b)|/Users/|[A-Za-z]:\\+Users\\+)"
    r"(?!(?:your|user_?name|name|USER|Public|Shared)\b)[A-Za-z][\w.-]*(?: [\w.-]+(?=\\))?(?=[/\\])"
)
# Of these in a document: the users of images, and those that stand for the reader.
NOBODY = re.compile(
    r"[/\\](?:path|foo|bar|x+|my(?:[-_]\w+|self|user\w*|name|home|account|login|folder|dir\w*|path|data|project\w*)?"
    r"|john[-_. ]?doe|pi|node|ray|airflow|appuser)$",
    re.I,
)
NO_FILE = re.compile(r"\]\(<?$|\b(?:GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)\b['\"`\s]*$")  # before an address
ADDRESS = re.compile(r"\b(?!file:)[A-Za-z][\w+.-]+://[^\s'\"]*")
DATABASE = re.compile(r"\b(?:sqlite|duckdb)(?:\+\w+)?:///")
PROSE = re.compile(r"(?:\b[A-Za-z]{2,}\b[ ,]+){5}")  # words that lead to a path that is an example
EXAMPLE = re.compile(r"\be\. ?g\.|\b(?:example|such as|like|say)\b", re.I)  # before one in a document
ANSI = re.compile(r"\x1b\[[0-9;]*m")
# Strings passed to these are routes of a web application, or regular expressions.
NO_PATHS = {
    "redirect", "url_for", "add_url_rule", "add_api_route", "route", "get", "post", "put", "delete", "patch", "path",
    "re_path", "startswith",
    "include_router", "mount", "compile", "search", "match", "fullmatch", "sub", "findall", "split",
}  # fmt: skip
CONFIG_SUFFIXES = (
    ".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".conf", ".sh", ".bat", ".ps1", ".env", ".slurm", ".sbatch",
    ".properties", "makefile", ".gin", ".r", ".jl",
)  # fmt: skip
# Tables of files and lists of what is installed, and a file of one machine as a whole field of them.
LIST = re.compile(r"\.(?:csv|tsv|jsonl|ndjson|lst)$|(^|/)[^/]*requirements[^/]*\.txt$", re.I)
FILE_THERE = re.compile(
    r"(?:^|[,\t\"]\s*|file://)(?:/(?:home|Users)/[\w.-]+/|[A-Za-z]:[\\/]{1,2})[^,\t\"\n]*\.\w{2,5}(?=$|[,\t\"\s#])",
    re.M,
)
ROUTES = re.compile(r"(?:^|_)(?:routes?|endpoints?|hrefs?|url_path)$", re.I)  # what holds no path of a disk
ROUTED = re.compile(r"^\s*@\w+\.(?:route|get|post|put|delete|patch)\(\s*([A-Za-z_]\w*)\s*[,)]", re.M)
# In whose branch their folders are right; a folder of somebody's drive is not.
ASKS_WHERE = re.compile(r"colab|kaggle", re.I)
OF_SERVICE = re.compile(r"/(?:content|kaggle)\b(?!/g?drive/\w)")
HOLDING: set[type[ast.AST]] = {ast.Constant, ast.Call, ast.BinOp, ast.JoinedStr}  # nodes that may be a path
TEXTS = (ast.Constant, ast.JoinedStr)
# Of the paths of a compose file those of the machine are bound to one of the container; all others lie in that.
COMPOSE = re.compile(r"(?:^|/)(?:docker-)?compose[\w.-]*\.ya?ml$", re.I)
BOUND = re.compile(r"^\s*-\s*['\"]?[/~.$][^\s:'\"]*:[/.~\w]|^\s*(?:source|device)\s*:")
DATA = 200_000  # characters; a larger file of text is data, and one finding says so


def find(target: Target) -> Iterator[Finding]:
    """Each rule at most once a line."""
    told: set[tuple[str, int | None]] = set()
    for piece in target.pieces:
        if piece.kind is Kind.OUTPUT and (piece.path, piece.cell) not in told:
            for number, shown in enumerate(piece.lines, start=1):
                match = PERSONAL.search(ANSI.sub("", shown)) if len(shown) < 2000 else None
                if match:
                    told.add((piece.path, piece.cell))
                    yield found(OUTPUT, piece.at(number), f"`{match.group()}` stands in the output")
                    break
        if TEST_PATH.search(piece.path) and "def test" in piece.text:
            continue  # what tests are given need not be there
        seen: set[tuple[Rule, int]] = set()
        for line, text in candidates(piece):
            for matched, place in matched_rules(
                text, in_cell=piece.cell is not None, in_code=piece.kind is Kind.PYTHON
            ):
                if (matched, line) not in seen and not (piece.kind is Kind.TEXT and len(piece.text) > DATA and seen):
                    seen.add((matched, line))
                    yield found(matched, piece.at(line), f"`{place}` {SAID[matched]}", piece.line(line)[:120])


def matched_rules(text: str, *, in_cell: bool, in_code: bool = True) -> Iterator[tuple[Rule, str]]:
    """The rules that a text breaks, with the path that does, or its part that stands twice."""
    if "://" in text:
        text = ADDRESS.sub(" ", DATABASE.sub("", text))
    if "/" not in text and "\\" not in text:
        return
    for candidate, pattern in PATTERNS:
        match = pattern.search(text) or (HOSTED.search(text) if in_cell and candidate is MOUNT else None)
        match = match or (MOUNTED.search(text) if in_code and candidate is SERVER else None)
        if match and not PROSE.search(text[: match.start()]):
            yield candidate, match[1].strip() if match.lastindex else as_shown(text, *match.span())


def candidates(piece: Piece) -> Iterator[tuple[int, str]]:
    """(line, text) of what may hold a path: strings of code, shell lines of cells, lines of configuration."""
    begins = piece.text.startswith("#!")  # what the script is run by
    if piece.kind is Kind.PYTHON:
        if begins:
            yield 1, piece.lines[0]
        if piece.tree is not None:
            yield from strings(piece)
            yield from left_out(piece)
        if piece.cell is not None:
            replaced = notebooks.as_python(piece.text).split("\n")
            for number, (line, code) in enumerate(zip(piece.lines, replaced, strict=True), start=1):
                if line != code:
                    yield number, line
    elif piece.kind is Kind.MARKDOWN and piece.cell is None:
        for number, line in enumerate(piece.lines, start=1):
            start = personal_in(line) if len(line) < 2000 else None
            if start is not None and not EXAMPLE.search(line[:start]):
                yield number, line[start:]
    elif piece.kind is Kind.TEXT and LIST.search(piece.path):
        yield from islice(listed(piece), 1)
    elif piece.kind is Kind.TEXT and (is_configuration(piece.path) or (begins and "." not in piece.path)):
        contained = COMPOSE.search(piece.path) is not None
        for number, line in enumerate(piece.lines, start=1):
            remark = line.lstrip().startswith(("#", ";", "//")) and not line.startswith(("#SBATCH", "#PBS", "#$ "))
            if len(line) < 2000 and not remark and (not contained or BOUND.search(line)):
                yield number, line


def left_out(piece: Piece) -> Iterator[tuple[int, str]]:
    """Somebody's own folder in a line of code that was made a comment: `# rows = load("/home/ann/rows.npy")`."""
    if "#" not in piece.text or PERSONAL.search(piece.text) is None:
        return
    for number, _, text in comments(piece):
        comment = text.lstrip("# ") if piece.line(number).startswith("#") and len(text) < 2000 else ""
        start = personal_in(comment) if comment else None
        if start and comment[start - 1] in "'\"" and is_code(comment):
            yield number, comment[start:]


def is_code(comment: str) -> bool:
    """Whether a comment is a statement that gives a name its value, or calls something."""
    try:
        lines = ast.parse(comment).body
    except (SyntaxError, ValueError):
        return False
    return all(isinstance(line, ast.Assign) or isinstance(getattr(line, "value", None), ast.Call) for line in lines)


def personal_in(line: str) -> int | None:
    """Where somebody's own folder stands in a line of a document: no address of a page, no user that is nobody."""
    matches = (match for match in PERSONAL.finditer(line) if not NOBODY.search(match.group()))
    return next((match.start() for match in matches if not NO_FILE.search(line[: match.start()])), None)


def listed(piece: Piece) -> Iterator[tuple[int, str]]:
    """The first line of a table, or of requirements, that names a file of somebody's machine: all others are alike."""
    if LIST.search(piece.path) and FILE_THERE.search(piece.text):
        yield from ((n, line) for n, line in enumerate(piece.lines, start=1) if FILE_THERE.search(line))


def is_configuration(path: str) -> bool:
    """Whether a file is a configuration or a script by its name."""
    return path.lower().endswith(CONFIG_SUFFIXES) or "/.env" in f"/{path}"


def strings(piece: Piece) -> Iterator[tuple[int, str]]:
    """Texts that are neither documentation, nor routes, nor regular expressions; those that are joined, as a whole."""
    skipped = spared(piece)
    # What another text comes before: a slash there begins no path.
    continued = {id(part) for node in piece.of(ast.JoinedStr) for part in node.values[1:]}
    continued.update(id(node.right) for node in piece.of(ast.BinOp) if isinstance(node.op, ast.Add))
    given = named(piece.of(ast.Assign, ast.AugAssign))
    names = {name: text for name, text in given.items() if not any(matched_rules(text, in_cell=False))}
    for node in piece.of(*HOLDING):  # from the outside in: what a join is made of comes after it
        if not isinstance(node, ast.expr) or id(node) in skipped:
            continue
        if isinstance(node, ast.Constant):
            if not isinstance(node.value, str):
                continue
            yield node.lineno, (UNKNOWN + node.value if id(node) in continued else node.value)
        elif joins(node):
            path, made_of = joined(node, names)
            skipped.update(id(part) for part in made_of if path or not isinstance(part, TEXTS))
            if path:
                told = [part.lineno for part in made_of if text_of(part)]
                yield (told or [node.lineno])[0], path


def spared(piece: Piece) -> set[int]:
    """ids of what is no path of the code's: documentation, what is compared, routes, folders of a service."""
    skipped = docstrings(piece)
    for comparison in piece.of(ast.Compare):  # by a folder a program may know where it runs
        skipped.update(map(id, (comparison.left, *comparison.comparators)))
    lowered = piece.text.lower()
    for choice in piece.of(ast.If, ast.IfExp) if "colab" in lowered or "kaggle" in lowered else ():
        if isinstance(choice, ast.If | ast.IfExp) and ASKS_WHERE.search(ast.unparse(choice.test)):
            there = choice.orelse if isinstance(choice.test, ast.UnaryOp) else choice.body
            body = there if isinstance(there, list) else [there]
            parts = (part for line in body for part in inside(line))
            skipped.update(id(part) for part in parts if OF_SERVICE.match(text_of(part)))
    routes = set(ROUTED.findall(piece.text))
    for node in piece.of(ast.Assign):
        if is_route(node.targets[0], routes):
            skipped.update(map(id, inside(node.value)))
    tables: list[ast.Dict | ast.keyword] = [*piece.of(ast.Dict), *piece.of(ast.keyword)]
    skipped.update(id(part) for table in tables for part in routes_in(table))
    for call in piece.of(ast.Call):
        name = called(call)
        if name in NO_PATHS and not (name == "mount" and ast.unparse(call.func) == "drive.mount"):
            skipped.update(id(part) for argument in call.args[:1] for part in inside(argument))
    return skipped


def is_route(target: ast.expr, routes: set[str]) -> bool:
    """Whether a name that is given a value holds a route: it says so, or a function is served under it."""
    name = getattr(target, "id", "")
    return name in routes or ROUTES.search(name) is not None


def routes_in(node: ast.Dict | ast.keyword) -> Iterator[ast.AST]:
    """What a table, or a call, gives under a name that says it is a route: `{"route": "/home/news"}`."""
    keys = [node.arg or ""] if isinstance(node, ast.keyword) else [text_of(key) for key in node.keys]
    values = [node.value] if isinstance(node, ast.keyword) else node.values
    for key, value in zip(keys, values, strict=True):
        if ROUTES.search(key):
            yield from inside(value)


FAMILY = Family(
    "paths", "No path of one machine", (WINDOWS, HOME, MOUNT, SERVER, REPEATED, OUTPUT), find,
    reads_text=True, per_file=True,
)  # fmt: skip
