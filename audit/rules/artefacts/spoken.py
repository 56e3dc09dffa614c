"""How one of two in a chat speaks: a text that does so was written to somebody who asked, not for the project.

What tells is not the topic but the act: the assistant names itself, answers what was said before, hands over a work,
reports a change, offers the next one, leaves out code that the other has, or has its name before what it says.
"""

import re

from audit.target import Kind, Piece

START = r"^[^\w\n]*"  # of a line, behind the signs of a comment, a list or a heading
WORK = (
    r"(?:code|script|function|class|method|helper|version|implementation|file|module|snippet|notebook|readme"
    r"|docstrings?|document\w*|page|section|pipeline|workflow|query|prompt|example|config\w*|dockerfile|tests?)\b"
)
CODE = r"(?:code|script|function|helper|class|snippet|traceback|notebook|workflow|implementation|error(?: message)?)"
CHANGED = (
    r"(?:updated|corrected|revised|improved|modified|refactored|rewritten|enhanced|optimi[sz]ed|cleaned[- ]up|polished"
    r"|fixed|reworked)\b"
)
CHANGES = (
    r"(?:add|updat|modif|chang|refactor|rewr[io]t|fix|implement|remov|replac|adjust|adapt|correct|improv|extend)\w*"
)
HERE = r"(?:here(?:'s| is| are)|below (?:is|are))"
MINE = r"\bi(?:'ve| have|'ll| will| can)\b"
SURE = r"(?:certainly|sure(?: thing)?|of course|absolutely|got it|no problem)(?:[!,]| [^\w\s])"
GLAD = r"(?:done|great|perfect|understood|good catch|excellent)[!.]"
SORRY = r"(?:(?:my )?apologies|sorry) for (?:the|any|my) (?:\w+ )?(?:confusion|oversight|mistake|misunderstanding)\b"
YOURS = r"\byour (?:\w+ ){0,2}(?:code|script|function|class|question|request|requirements|instructions|snippet)\b"
SAID = r"\byou(?:'ve| have)? (?:mentioned|described|requested|asked|shared|pasted|pointed out|wanted|suggested)\b"
SPEAKER = r"(?:(?:assistant|chatgpt|claude|gpt-?\d\w*)\W*:\W*)?"

ITSELF = (
    r"\bas an ai language model\b",
    r"\bas an? (?:ai|(?:large |ai )?language model|ai (?:model|assistant))(?: \w+ by [\w ]{2,20})?,? i\b",
    r"\bi(?:'m| am) (?:just|only) an? (?:ai|(?:large )?language model)\b",
    r"\bmy (?:knowledge|training) (?:cutoff|data (?:ends|only goes))\b",
    r"\bas of my (?:last|latest) (?:knowledge |training )?(?:update|cutoff)\b",
    r"\bi (?:don't|do not) have (?:direct |the ability to )?access (?:to )?(?:real-time|the internet|external|your )",
    r"\bi (?:can't|cannot|can not) (?:directly )?(?:access|browse|open|view) (?:real-time|external|your "
    r"|the (?:internet|web)\b)",
    r"\bi(?:'m| am) sorry, but (?:as an ai|i can(?:'t|not))\b",
    r"\bchatgpt can make mistakes\b",
)
ANSWERS = (
    r"\bi apologi[sz]e for (?:the|any|my) (?:confusion|oversight|misunderstanding|(?:earlier|previous) )|"
    + START
    + SORRY,
    r"\byou(?:'re| are) absolutely right[!.,]|" + START + r"you(?:'re| are) (?:completely |quite )?right[!.,] ",
    START + r"(?:great|good|excellent) question(?:[!,]| [\u2013\u2014-] )|\bto answer your question\b",
    START + r"i understand (?:that )?you(?:'re|'d| are| want| need| would)\b|\bso (?:that )?i can help you\b",
    r"\bin (?:this|my) (?:response|answer),? (?:i|we|let)\b",
    r"\bthis (?:response|answer|conversation) was (?:\w+ )?(?:generated|written|produced) (?:by|with|using)\b",
    r"\bmy (?:previous|last|earlier) (?:response|answer|reply|message|suggestion)s?\b",
    r"\bas (?:you |per your |you have |you've )(?:request|ask)(?:ed)?(?! for)\b",
    r"\bper your (?:request|instructions|requirements|specifications)\b",
    r"\bthe (?:[\w`]+ ){0,2}"
    + CODE
    + r" (?:that )?you(?:'ve| have)? (?:provided|shared|posted|pasted|sent me|asked (?:me )?for|wanted me to)\b",
    r"\byou(?:'ve| have)? asked me (?:to|for)\b",
    r"\bin this " + CHANGED + r" (?:(?:code|script|function|implementation|snippet),|version, (?:i|we)(?:'ve| have)\b)",
)
HANDS_OVER = (
    START
    + SPEAKER
    + SURE
    + " (?:"
    + HERE
    + r"|based on (?:the|your) |(?<=! )(?:"
    + MINE
    + r"|i'd be (?:happy|glad) to\b)|i understand\b)",
    START
    + SPEAKER
    + GLAD
    + r" i(?:'ve|'ll)\b|"
    + START
    + r"thanks for (?:sharing|providing|clarifying|the clarification)\b",
    START + HERE + r" (?:the|an?|your|my) (?:[\w-]+,? ){0,2}" + CHANGED + r",? (?:[\w-]+ ){0,4}" + WORK,
    r"[.?!]\W{1,6}" + SURE + " " + HERE + r" (?:the|an?|your) (?:[\w-]+,? ){0,2}" + CHANGED,
    START + HERE + r" (?:the|an?|your) (?:[\w-]+,? ){0,2}production[- ]ready " + WORK,
    START + HERE + r" .{5,120}(?:[.!:,] feel free to (?:adjust|modify|customi[sz]e|tweak|adapt|change)"
    r"|ready to (?:copy|paste|be pasted)|as requested|" + SAID + "|" + YOURS + r"[^.]*:$"
    r"|\b(?:meets|fits|matches|follows|satisfies) your\b)",
    START + HERE + r" [^.\n]{0,60}\bfor your (?!own|next|new)(?:[\w+-]+ ){1,4}(?:project|program|app|application)\b",
    START + HERE + r" (?:what i(?:'ve)? (?:changed|did|added|fixed)|a breakdown of (?:what|how) (?:this|the|your) )",
    r"^copy code$|" + START + r"regenerate response\W*$|" + START + r"thought for \d+ seconds?\W*$",
)
REPORTS = (
    r"\bi(?:'ve| have) (?:updated|modified|refactored|rewritten|fixed) your \w+",
    r"\bi(?:'ve| have|'ll| will) (?:\w+ )?(?:made|make|" + CHANGES + r")\b[^.\n]{0,120}(?:" + YOURS + "|" + SAID + ")",
    r"\bi (?:also )?(?:added|changed|fixed|moved|removed|replaced|renamed|kept|left|used|made|wrapped|switched)\b"
    + r"[^.\n]{0,120}"
    + SAID,
    START + r"since you\b[^.\n]{0,80}\bi(?:'ve|'ll| have| will| used| assumed)\b",
)
OFFERS = (
    r"\bi hope this (?:helps|clarifies)\b(?: things)?[!.]|" + START + r"hope (?:this|that) helps[!.]",
    r"\bis there anything else (?:i can\b|you(?:'d| would) like (?:me|help)\b|you need (?:help|me)\b)",
    r"\b(?:would you like|do you want|would you prefer) (?:for )?me to (?!\w+ed\b)|" + START + r"want me to .*\?",
    START + r"(?:next, )?would you like (?:to (?:see|know)|an? [^.\n]*(?:version|example|explanation))[^.\n]*\?",
    r"\b(?:shall i|should i also) (?:also )?(?:" + CHANGES + r"|generate|write|create|show|explain|proceed)[^.\n]*\?",
    r"\bi can also [^.\n]{4,80} if you(?:'d| would)? (?:want|like|need|prefer)\b"
    r"|\bif you(?:'d| would)? (?:want|like|prefer),? i can\b",
    r"\blet me know if you(?:'d| would) like (?:me to|any|this|to (?:tweak|extend|adjust|modify|explore|proceed))\b",
    r"\blet me know if you(?:'d)? (?:want|prefer|need) me to\b"
    r"|\blet me know if (?:that|this|it)(?:'s| is)(?: not|n't) the case\b",
    r"\blet me know if you (?:need|want|have) any (?:further|additional|other|more) (?:adjust|change|modif|help|assist"
    r"|clarif|refine|tweak|question|detail)",
)
LEFT = (  # code that the other has
    r"(?:code|functions?|methods?|class(?:es)?|scripts?|files?|implementation|logic|imports?|helpers?|definitions?"
    r"|pipeline|model|loop)\b"
)
UNSAID = r"(?:\.\.\.|\u2026)\W{0,3}"
LEAVES_OUT = (
    r"^(?!\s*>>>)[^\n]*"
    + UNSAID
    + r"(?:your |the )?(?:existing|previous|same|remaining|unchanged) (?:\w+ ){0,2}"
    + LEFT,
    r"^(?!\s*>>>)[^\n]*" + UNSAID + r"(?:the )?rest of (?:the|your|this) (?:[\w-]+ ){0,2}" + LEFT,
    r"\brest of (?:the|your|this) (?:[\w-]+ ){0,2}" + LEFT + r" (?:(?:remains?|stays?|is|are) )?(?:exactly )?"
    r"(?:the same\b(?! as)|unchanged|as before|goes here|here\W*$)",
    START + UNSAID + r"(?:same as before|unchanged|remains the same|no changes? (?:here|needed))\b",
    START
    + r"\W{0,6}keep (?:the |your )?(?:existing|rest of (?:the|your)) (?:[\w-]+ ){0,2}"
    + LEFT
    + r"(?: (?:here|as(?: it)? is|unchanged|the same)\b|\s*(?:\.\.\.|\u2026))",
    r"\byour existing (?:\w+ ){1,3}here\b",
)
NAMED = (START + r"(?:chatgpt said|you said):|\bchatgpt said: ",)
SPOKEN = re.compile("|".join((*ITSELF, *ANSWERS, *HANDS_OVER, *REPORTS, *OFFERS, *LEAVES_OUT, *NAMED)), re.I | re.M)
# In documents people take leave of their readers so; in code nobody is there to be spoken to.
IN_CODE = re.compile(
    r"\b(?:feel free|don't hesitate) to (?:let me know\b"
    r"|ask(?!.*\b(?:issues?|forum|slack|discord|github|channel|list|mail)\b)"
    r"(?: me\b| if\b| for\b| any\b| (?:more |further |additional |follow-?up )?questions?\b|[.!]|\W*$))"
    r"|\blet me know if (?:you (?:run into|encounter|face)|(?:this|that|it) (?:works|helps))\b"
    r"|\bi(?:'d be| would be|'m| am) (?:happy|glad) to (?:help|assist)\b"
    r"|" + START + r"rest of your (?:code|script)\b|" + START + r"you asked (?:to|for|whether)\b"
    r"|" + START + r"good catch[!.,]|\bthe (?:issue|problem|bug) (?:with|in) your (?:code|script)\b"
    r"|"
    + START
    + r"(?:(?:all |the )?other|remaining|existing|previous) (?:\w+ ){0,2}"
    + LEFT
    + r" (?:(?:remains?|stays?) )?"
    r"(?:unchanged|the same)(?: (?:above|below|here))?\W*$"
    r"|" + START + r"(?:yes|great|perfect)[!,][^.\n]{0,60}[!.] " + HERE + r" ",
    re.I | re.M,
)

# Who speaks, at the beginning of a line; in what is itself about conversations that is their form.
SAYS = r"[\]>*]*:\**\s+"
ASKED = re.compile(START + r"(?:human|user|you|me)" + SAYS + r"\S", re.I)
ASKS = re.compile(
    START
    + r"(?:(?:human|user|you|me)"
    + SAYS
    + r"(?:please|(?:can|could|would|will) you|how (?:do|can|should) i|help me"
    r"|give me|write (?:me|an?)|make it|fix (?:this|it|my))|human" + SAYS + r"(?:write|create|add|explain|generate))\b",
    re.I,
)
ANSWERED = re.compile(START + r"(?:assistant|ai|chatgpt|claude|gemini|copilot|gpt-?\d\w*)" + SAYS + r"\S", re.I | re.M)
# The name of who answers on a line of its own: what is said follows.
WAITS = re.compile(r"^[^\w\n]*(?:Assistant|ChatGPT|Claude|Gemini|Copilot)[\]>*]*:\**\s*$", re.M)
# The name of a product before a sentence; in a list it is what the list is of.
PRODUCT = re.compile(
    r"^[\s#>]*[\[<*]*(?-i:Assistant|ChatGPT|Claude|Gemini|Copilot)(?: said)?" + SAYS + r"(?:\S+\s+){3}\S", re.I | re.M
)
TURN = re.compile(
    START + r"(?:<\|(?:(?:im_start|start_header_id)\|>\s*)?(?:assistant|user|system)\b|<\|(?:eot_id|end_of_turn)\|>"
    r"|<start_of_turn>\s*\w|\[/?INST\]|#{2,} ?(?:human|assistant):|<(?:assistant|human)>\W*$"
    r"|</?think>\W*$|</?antartifact\b|<userstyle>)"
    r"|[.!?)]<\|(?:im_end|eot_id)\|>\s*$",
    re.I | re.M,
)
CONVERSING = re.compile(r"prompt|\bchat(?!gpt)|dialog|conversation|\bllm|instruct(?!ion)|template|few[-_ ]shot", re.I)
OF_CODE = re.compile(
    r"\b(?:writ|creat|generat|implement|fix|add|refactor|optimi[sz]|rewrit|convert|mak|explain)\w*\b[^.\n]{0,60}"
    r"\b(?:code|functions?|class(?:es)?|scripts?|methods?|loop|module|bug|error|docstrings?|dataloader)\b",
    re.I,
)
PRAISE = re.compile(START + r"(?:great|good|excellent) question[!,.]?\s*", re.I)
OWN_QUESTION = re.compile(r"\?[\W_]*$")
ANSWER = 6  # lines from a question to its answer
QUOTED = re.compile(r"``.+?``|`[^`]*`|\"[^\"]*\"|\u201c[^\u201d]*\u201d")

SAYINGS = (SPOKEN, IN_CODE, TURN, ANSWERED, WAITS, ASKS, PRODUCT)
HINTS = (  # in lower case; in lines without one of these no pattern finds anything: the cheap question first
    "here's", "here is", "here are", "below is", "below are", "i've ", "i'll ", "i have ", "i will ", " i can",
    "i don't have", "i do not have", "language model", "an ai", "my knowledge", "my training", "as of my", "apologi",
    "sorry for", "re right", "question!", "question,", "r question", "t question",
    "d question", "i understand", "can help you", "this response",
    "this conversation",
    "this answer", "my response", "my answer", "my previous", "my last", "my earlier", "you ask",
    "per your", "you provided", "you shared", "you posted", "you pasted", "you sent me", "you wanted me", "you've ",
    "in this ", "thanks for", "copy code", "regenerate", "thought for", "since you",
    "you mentioned", "you described", "you pointed", "you wanted", "you suggested", "you request",
    "hope this", "hope that",
    "anything else", " me to ", "would you like", "shall i ", "should i also", "let me know", "existing ", "rest of",
    "previous code", "same code", "remaining code", "hesitate to", "feel free to", "happy to", "glad to",
    "unchanged", "same as", "remaining ", "no change",
    "good catch", "your code", "your script", "i'd be ", "based on ", "you said", "gpt", "assistant", "ai:", "claude",
    "gemini", "copilot", "human", "user:", "user]", "user*", "you:", "me:", "<|", "inst]",
    "think>", "antartifact", "userstyle", "start_of_turn",
)  # fmt: skip


def spoken(piece: Piece, line: str, following: list[str], *, replied: bool = False) -> str:
    """What in a line somebody says in a chat, "" for nothing.

    Args:
        following: the lines after it, which may hold an answer.
        replied: whether a turn before it has been told, and with it those that follow.
    """
    plain = line.replace("\u2019", "'")
    bare = QUOTED.sub("", plain)
    in_code = IN_CODE.search(bare) if piece.kind is Kind.PYTHON else None
    said = SPOKEN.search(bare) or in_code or (None if replied else turn(piece, plain, following))
    return said.group().strip() if said else ""


def without_praise(line: str, before: list[str]) -> str:
    """A line without the praise of a question that the text asks itself above: nobody else has asked it."""
    above = next((text for text in reversed(before) if text.strip()), "")
    asked = OWN_QUESTION.search(above) and not (ASKED.match(above) or ASKS.search(above))
    return PRAISE.sub("", line) if asked else line


def turn(piece: Piece, line: str, following: list[str]) -> re.Match[str] | None:
    """The mark of who speaks, or a question to an assistant, in a text that is not about conversations."""
    heading = piece.kind is Kind.MARKDOWN and line.startswith("#")  # of a section about the product
    marked = TURN.search(line) or ASKS.search(line) or (None if heading else PRODUCT.search(line))
    if not marked and any(ANSWERED.match(text) or WAITS.match(text) for text in following):
        marked = ASKED.match(line)
    if not marked and (waits := WAITS.match(line)) and any(ASKED.match(text) for text in following):
        marked = waits
    if marked and piece.kind is Kind.PYTHON and OF_CODE.search(line) and any(map(ANSWERED.match, following)):
        return marked  # who asks for code in a comment has got this code, also where it is about conversations
    return None if marked is None or CONVERSING.search(piece.text) else marked
