"""A process that imports slow libraries once and forks a child for each job: torch takes seconds, a fork none.

Run as a script, by path: it imports nothing of the project and nothing of the audit, because children import both
from the copy that they judge. Standard input is a JSON object:

    preload: modules to import first; what is not installed is left out.
    workers: children at a time.
    seconds: of processor time after which a child is ended; or ten times as many by the clock, on a busy machine.
    jobs: list of objects, each with
        base: the unchanged copy; folder: where the child makes its own (None: it works in `base`).
        file, text: the changed file; recompile: whether compiled kernels are left out.
        path: folders that go first on the import path, after the child's own.
        checks, tests: what `audit.mutation.responsible` is asked.
        result: where the child writes its answer.
"""

import importlib
import importlib.util
import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

BUSY = 10  # how many times longer than its processor time a child may take
BROKEN = "broken"  # stands in an answer for what a child that broke down was asked
COMPILED = ("*.nbi", "*.nbc")  # numba's cache


def main() -> None:
    """Import, then fork for each job."""
    request = json.load(sys.stdin)
    for name in request["preload"]:
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
    waiting = list(reversed(request["jobs"]))
    running: dict[int, float] = {}
    while waiting or running:
        while waiting and len(running) < request["workers"]:
            running[start(waiting.pop(), request["seconds"])] = time.monotonic() + BUSY * request["seconds"]
        finished, _ = os.waitpid(-1, os.WNOHANG)
        running.pop(finished, None)
        if finished == 0:
            for child, deadline in running.items():
                if time.monotonic() > deadline:
                    os.killpg(child, signal.SIGKILL)
            time.sleep(0.01)


def start(job: dict[str, Any], seconds: int) -> int:
    """Fork a child for the job; return its process id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        work(job)
        status = 0
    except BaseException as error:  # whatever it is: the child must not go on as a second parent
        traceback.print_exc()
        last = traceback.format_exception_only(error)[-1].strip()
        write(Path(job["result"]), {BROKEN: {"verdict": "error", "message": last[:200]}})
    finally:
        sys.stderr.flush()
        os._exit(status)


def work(job: dict[str, Any]) -> None:
    """Make the copy, change it, ask, write the answer, remove the copy."""
    folder = Path(job["base"])
    if job["folder"] is not None:
        folder = Path(job["folder"])
        copy(Path(job["base"]), folder, job["recompile"])
        change(folder / job["file"], job["text"])
    os.chdir(folder)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    sys.path[:] = [str(folder), *job["path"], *(entry for entry in sys.path if entry not in ("", *job["path"]))]
    responsible = importlib.import_module("audit.mutation.responsible")
    answer = responsible.answer(folder, job["checks"], job["tests"])
    write(Path(job["result"]), answer)
    if job["folder"] is not None:
        os.chdir("/")
        shutil.rmtree(folder)


def write(result: Path, answer: dict[str, dict[str, str]]) -> None:
    """Leave the answer, all or nothing."""
    partial = result.with_suffix(".partial")
    partial.write_text(json.dumps(answer), encoding="utf-8")
    partial.replace(result)


def copy(base: Path, folder: Path, recompile: bool) -> None:
    """A tree of hard links: nothing is copied, and bytecode and compiled kernels stay valid."""
    left_out = shutil.ignore_patterns(*(COMPILED if recompile else ()))
    shutil.copytree(base, folder, copy_function=os.link, ignore=left_out)


def change(place: Path, text: str) -> None:
    """Put the changed file in the place of the link, with a time of its own, so that no cache takes it for the old."""
    modified = place.stat().st_mtime
    place.unlink()
    place.write_text(text, encoding="utf-8")
    os.utime(place, (modified + 60, modified + 60))


if __name__ == "__main__":
    main()
