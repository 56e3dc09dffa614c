"""What documents measure, and the words and units by which they say so."""

import re

# What is measured, in English; abbreviations that are words elsewhere only in capitals.
METRIC = re.compile(
    r"\b(?:accuracy|acc|top-?[15]|precision|recall|f1|auc|auroc|auprc|m?ap(?:@\d+|50|75)?|psnr|ssim|lpips|fid|bleu"
    r"|rouge|[wc]er|perplexity|m?iou|dice|hd95|[rm]?m[sa]e|rmsle|error rate|false \w+ rates?|r2|r²|mmlu|gsm8k|elo|map50"
    r"|(?:average|mean|median|episode|total|cumulative) (?:return|reward|score)s?|(?:returns?|rewards?) of|fps"
    r"|user study|agreement|kappa|ece|nll|brier|eer|dsc|hausdorff|pearson|spearman|s?mape|leaderboard|success rate"
    r"|win rate|(?:private|public) (?:lb|score)|mos|rtf|pesq|stoi|si-?sdr|n?mae|nrmse|ndcg(?:@\d+)?|mrr|hits?@\d+|mcc"
    r"|wape|crps|(?:val\w*|test|eval) loss|pass@\d+|test coverage|(?:inference|training|run|query) ?time|latency"
    r"|throughput|speed-?ups?|\d ?ms|(?:kaggle|silhouette|final|cv|test|validation|best|our) score|scor(?:es|ed)"
    r"|log-?loss|logloss|log loss|qwk|nmi|mpjpe|sensitivity|specificity|sharpe|drawdown|annual return|correlation"
    r"|a/b tests?|click-through|conversion rates?|hit rate|jaccard|chamfer|cider|chrf|bertscore|exact match"
    r"|inception score|fvd|bits per dim|bpd|ppl|clip score"
    r"|vmaf|rank-1|mindcf|cosine similarity|wins?|(?:first|second|third|\d+(?:st|nd|rd|th)) place with"
    r"|classif\w+ correctly|(?-i:NSE|KGE|ARI|DER|PER|LAS|UAS|KID|PQ|PCK|METEOR|SPICE|COMET|SNR|SDR|Gini|EM|IS|CLIP))\b"
    r"|\b\d[\d.]* ?(?:x|×|times|-fold) (?:faster|slower|quicker|speed-?up|less|fewer|smaller|cheaper)\b"
    r"|\d ?% (?:faster|slower|more accurate|less (?:memory|time|compute|vram)|fewer parameters)\b"
    r"|\b(?:achiev|outperform|improv|reduc|cut|rose|boost|sav|increas|drop|fell|detect|recogni[sz]|surpass|reach"
    r"|attain)\w*\b[^.%]{0,40}\d\.\d+\s?%"
    r"|\b(?:gets?|finds?|found|detect\w*|catch(?:es)?|recover\w*|solv\w*|identif\w+|flag\w*|retriev\w*|answer\w*"
    r"|recogni[sz]\w*|miss(?:es|ed)?|spots?|saves?|saved) (?:\w+ )?\**\d[\d.]* ?% of\b"
    r"|\bfalse (?:\w+ )?(?:rejects?|positives?|alarms?|negatives?|accepts?)\b"
    r"|^\|[\s*]*(?:ours|our \w+|proposed)\b|^[-*\s]*score\W"
    # the same in other languages
    r"|\b(?:genauigkeit|trefferquote|fehlerrate|exactitude|précision|rappel|justesse|exactitud|precisión|exhaustividad"
    r"|acurácia|precisão|accuratezza|precisione|akurasi|doğruluk\w*|độ chính xác|dokładność|nauwkeurigheid|noggrannhet"
    r"|přesnost|точн(?:ость|ости|остью|ість)|полнот[аы])\b|taux d['’]erreur|\bta[sx]a de (?:error?|acierto|acerto)\b"
    r"|准确率|正确率|精度|精确率|召回率|错误率|准确度|得分|分数|排行榜|正解率|再現率|適合率|認識率|スコア|정확도|정밀도"
    r"|재현율|오류율|점수",
    re.I,
)
BEATS = re.compile(r"\b(?:preferred|outperform\w*|beats?|surpass\w*)\b[^.%]{0,60}\d\s?%", re.I)
# Two digits after the point, a percentage, or how many times faster: what somebody measured.
NO_WORD = r"A-Za-z0-9_"
FIGURE = re.compile(
    rf"(?<![{NO_WORD}.,:/@=<>~^±–-])(?<![≥≤<>~±/] )(\d{{1,4}}\.\d{{1,6}}|0,\d{{2,4}}(?! ?%))"
    rf"(?![{NO_WORD}.]*\.[{NO_WORD}]|°|[-–]\d|[{NO_WORD}])"
    rf"|(?<![{NO_WORD}.,/=<>~±–-])(?<![≥≤<>~±/] )(\d{{1,3}}(?:[.,]\d+)?)\s?\\?%"
    rf"|(?<![{NO_WORD}.,/=<>~-])(\d[\d.]*) ?(?:x|×|times|-fold) (?:faster|slower|quicker|speed-?up|less|fewer|smaller"
    r"|cheaper)\b"
    r"|(?<!\w)%(\d{1,3}[.,]\d+)",
    re.I,
)

NUMBER = r"\d[\d.,]*(?: ?(?:k|million|billion|M)\b)?"
TIME = r"(?:ms|milliseconds?|µs|microseconds?|s|secs?|seconds?|min|minutes?|hours?|hrs?|h|days?)\b"
ROUGH = r"(?<!about )(?<!around )(?<!roughly )(?<!approx. )(?<!approximately )(?<!every )(?<![~≈<>])"
MACHINE = re.compile(
    r"\b(?:laptop|[gct]pus?|cores?|threads?|[avtpl]\d{1,3}s?|h[12]00s?|rtx|gtx|titan|tesla|xeon|ryzen|jetson|raspberry"
    r"|macbook|i?phone|pixel|desktop|colab|workstation|orin)\b"
    r"|\b(?:per|an?|each|one|every) (?:image|frame|chunk|sample|epoch|batch|token|quer\w+|request|row|utterance"
    r"|sentence|page|document|clip|volume|slice|step)\b|\b(?:million|thousand|\d{3,}k?) [a-z]+s\b",
    re.I,
)
RUNS = re.compile(
    r"\b(?:runs?|ran|process\w*|reach\w*|achiev\w*|handl\w*|throughput|generat\w*|decod\w*|serv(?:es|ed)|trains?"
    r"|trained|inference|speed|index\w*|renders?|deliver\w*)\b",
    re.I,
)
CONTEST = re.compile(
    r"\b(?:leaderboard|kaggle|lb|competitions?|challenge|teams?|participants|solution|medal|hackathon|shared task"
    r"|contest)\b",
    re.I,
)
ORDINAL = r"(?:\d+(?:st|nd|rd|th)|first|second|third|#\d+)"
ITEMS = (
    r"(?:images|imgs|samples|tokens|frames|sentences|words|steps|rows|requests|queries|docs|documents|examples|clips"
    r"|sequences|records|vectors|it|iterations)"
)
LESS = (
    r"(?:reduce[sd]|cuts?|lower(?:s|ed)|decrease[sd]|improve[sd]|increase[sd]|boost(?:s|ed)|shr[ai]nks?|save[sd]"
    r"|dropped|fell)"
)
PEOPLE = r"(?:users|people|teams|companies|labs|researchers|developers|students|organi[sz]ations|customers)"
# Figures that are results without a metric's name, each with what its sentence has to hold as well.
CLAIMS = tuple(
    (re.compile("".join(claim), re.I), beside)
    for claim, beside in (
        (
            (
                r"\b(?:takes?|took|runs?|ran|trains?|trained|needs?|needed|finish\w*|complet\w*|converg\w*|process\w*"
                r"|decod\w*|generat\w*|responds?|answers?|renders?|loads?|index\w*)\b[^.;]{0,60}?",
                rf"{ROUGH}(?<![\w.-])({NUMBER} ?{TIME})",
            ),
            MACHINE,
        ),
        (
            (
                r"\b(?:latency|(?:inference|query|training|run) ?time|rtf)(?: is| was| of)?[\s:=]+",
                rf"({NUMBER} ?{TIME})",
            ),
            None,
        ),
        (
            (
                rf"(?<![\w.])({NUMBER}\+? ?(?:fps\b|frames per second",
                rf"|{ITEMS}(?: ?/ ?| per | an? )(?:s\b|sec|min|hour|day)))",
            ),
            RUNS,
        ),
        (
            (
                r"\b(?:peak (?:memory|vram)|memory (?:usage|use|footprint|consumption)|fits? in(?= \S+ ?\w+ of)"
                r"|consumes?)\b[^.]{0,30}?",
                rf"{ROUGH}(?<![\w.])({NUMBER} ?[GM]i?B)\b",
            ),
            re.compile(r"memory|v?ram\b|gpu", re.I),
        ),
        (
            (
                rf"\b{LESS}\b[^.%]{{0,60}}\b(?:memory|time|costs?|latency|errors?|size|vram|footprint|runtime",
                r"|throughput|accuracy|speed|usage|effort|quality|start)\b[^.%]{0,30}?\b(\d[\d.]* ?(?:%|x\b|×|times))",
            ),
            None,
        ),
        (
            (
                r"\b(?:halve|drop|fell|reduc|cut|improv|went|down)\w*\b[^.]{0,40}\bfrom ",
                rf"({NUMBER} ?(?:{TIME})?) to {NUMBER} ?{TIME}",
            ),
            None,
        ),
        (
            (
                r"\b((?:twice|(?:two|three|four|five|ten) times|an order of magnitude)",
                r" (?:as (?:fast|quick|small)|faster|smaller))\b",
            ),
            None,
        ),
        ((r"\b(top[ -]\d+(?:\.\d+)?(?:\s?%|\b))",), CONTEST),
        ((rf"\b({ORDINAL} (?:place|rank|position))\b",), CONTEST),
        (
            (
                r"\b(?:ranked|ranks|placed|finished|came|rank:?)(?: as| at| in)?(?: the)? ",
                rf"({ORDINAL}|\d+(?: ?/ ?[\d,]+)?)\b",
            ),
            CONTEST,
        ),
        (
            (
                r"\b(\d+(?:st|nd|rd|th)?(?: place)? (?:out )?of [\d,]+",
                r" (?:teams|participants|competitors|submissions))\b",
            ),
            None,
        ),
        (
            (
                r"\b(?:used|trusted|adopted|installed|downloaded|loved) (?:\w+ )?by (?:over |more than )?",
                rf"(\d[\d,.]*[kKM]?\+? (?:\w+ )?{PEOPLE})\b",
            ),
            None,
        ),
        (
            (
                rf"\b({NUMBER}[kKM]?\+? (?:active |monthly |happy )(?:users|downloads|installs)",
                rf"|{NUMBER}[kKM]?\+? downloads (?:per|a|/))\b",
            ),
            None,
        ),
        ((r"\b(?:rated|rating:?)(?: of)? (\d\.\d ?(?:/|out of) ?(?:5|10))\b",), None),
        ((r"\b(\d+ (?:out )?of (?:the )?\d+) [^.]{0,40}\b(?:correct\w*|right|solved|passed|detected)\b",), None),
        (
            (r"\b(?:detects?|solves?|recogni[sz]es|answers|classifies)\b[^.]{0,15} (\d+ (?:out )?of (?:the )?\d+)\b",),
            None,
        ),
        ((r"(\d[\d.,]*(?:-mal| mal|x|×)? schneller)\b",), None),
        (
            (
                r"(\d[\d.,]* (?:fois|veces|vezes|volte) (?:plus|más|mais|più)",
                r" (?:rapid|rápid|veloc|vite|petit|pequeñ)\w*)",
            ),
            None,
        ),
        (
            (
                r"(\d[\d.,]* раза? быстрее|\d[\d.,]* ?倍(?:以上)?(?:の?高速|快|加速)",
                r"|(?:提升|提高|加速)了?\d[\d.]* ?倍|\d[\d.]* ?배 (?:더 )?빠)",
            ),
            None,
        ),
        ((r"排名(?:第) ?(\d+)",), None),
    )
)


def claimed(sentence: str) -> list[str]:
    """Figures of a sentence that says what something takes, gains or ranks at."""
    return [
        match.group(1).strip()
        for claim, beside in CLAIMS
        for match in claim.finditer(sentence)
        if beside is None or beside.search(sentence)
    ]
