"""What an app says about its work: the machine, the cache, memory, and what the audit found."""

import json
import resource
import sys
from pathlib import Path

from colorlib.inference.colorizer import Colorizer

REPORT = Path("reports/audit/report.json")


def about(colorizer: Colorizer, seconds: float, clamped: float) -> str:
    """One line on the last picture: time, device, precision, gamut, cache, memory."""
    parts = [
        f"{1000 * seconds:.0f} ms",
        f"{colorizer.engine.device.type}, {str(colorizer.engine.dtype).removeprefix('torch.')}",
        f"{clamped:.1%} of the pixels were outside sRGB and lost chroma",
        _cache_in_words(colorizer),
        f"{_peak_memory() / 2**20:.0f} MiB of memory at most so far",
    ]
    return " · ".join(parts)


def audit_verdict(report: Path = REPORT) -> str:
    """What the audit's report says of this project: that there is none, or that it cannot be read, where it is so."""
    try:
        content = json.loads(report.read_text(encoding="utf-8"))
        verdict, checks = content["verdict"], [check["verdict"] for check in content["checks"]]
    except FileNotFoundError:
        return "no report: make repro writes one"
    except (OSError, ValueError, KeyError, TypeError):
        return f"{report} cannot be read"
    passed = sum(each in ("pass", "deviation") for each in checks)
    return f"{str(verdict).replace('_', ' ')}, {passed} of {len(checks)} checks passed"


def _cache_in_words(colorizer: Colorizer) -> str:
    if colorizer.cache is None:
        return "no cache"
    counted = colorizer.cache.statistics()
    return f"cache: {counted.hits} hits, {counted.misses} misses"


def _peak_memory() -> int:
    """The largest resident size of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
