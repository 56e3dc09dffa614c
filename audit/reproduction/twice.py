"""From a commit to the checks: two clones, two runs, one comparison."""

from collections.abc import Callable
from pathlib import Path

from audit.config import Reproduce
from audit.model import Check, Evidence, Verdict
from audit.reproduction import clones, outputs, stages

RUNS = ("first", "second")


def reproduce(root: Path, settings: Reproduce, ref: str, folder: Path, progress: Callable[[str], None]) -> list[Check]:
    """Run the pipeline twice and compare.

    Args:
        folder: where the clones are made; it stays.

    Raises:
        AuditError: no such commit, or nothing says what the outputs are.
    """
    sha = clones.commit(root, ref)
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name in RUNS:
        place = folder / name
        progress(f"clone {sha[:12]} into {place}")
        clones.clone(root, sha, place)
        known = settings.outputs or (place / stages.LOCK).is_file()
        if known:
            before = stages.of_project(place, settings.outputs)
            clones.without(place, [path for stage in before for path in stage.outputs])
        progress(f"{settings.command} ({name} run)")
        ran = clones.run(settings.command, place)
        if ran.status:
            return [failed(settings.command, sha, name, ran)]
    made = stages.of_project(folder / RUNS[0], settings.outputs)
    results = [outputs.compare(stage, *(folder / name for name in RUNS)) for stage in made]
    return outputs.checks(results, settings.command, sha)


def failed(command: str, sha: str, name: str, ran: clones.Ran) -> Check:
    """The pipeline did not come to its end."""
    message = f"`{command}` ended with {ran.status} in the {name} clone: {ran.tail or 'it printed nothing'}"
    proof = Evidence(f"`{command}` in a clean clone of {sha}", ran.status, 0, "exit status")
    remedy = "make the pipeline run in a fresh clone"
    return Check("reproduce", "Two runs give the same bytes", Verdict.FAIL, message, evidence=(proof,), remedy=remedy)
