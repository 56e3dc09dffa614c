import os
import signal
import time
from collections.abc import Iterator

import pytest

from colorlib.errors import ColorlibError
from colorlib.pipeline.progress import progress
from colorlib.pipeline.stage import console, run_stage


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """`run_stage` ends a process, so it does not put back what Ctrl-C does; a test must."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def raise_(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ColorlibError("the [bold] thing is missing"), 1, "stage: the [bold] thing is missing"),
        (KeyboardInterrupt(), 130, "stage: interrupted"),
    ],
)
def test_a_message_and_an_exit_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_stage("stage", lambda: raise_(error))
    assert ended.value.code == code
    printed = capsys.readouterr().err
    assert words in printed
    assert "Traceback" not in printed


def test_an_interruption_that_a_database_turned_into_an_error_is_still_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except KeyboardInterrupt:
            raise ColorlibError("MLflow cannot be written") from None

    with pytest.raises(SystemExit) as ended:
        run_stage("stage", work)
    assert ended.value.code == 130
    assert "interrupted" in capsys.readouterr().err


def test_success_is_zero_and_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(SystemExit) as ended:
        run_stage("stage", lambda: None)
    assert ended.value.code == 0
    with pytest.raises(ZeroDivisionError):
        run_stage("stage", lambda: raise_(ZeroDivisionError()))


def test_without_a_terminal_progress_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("work", 3) as advance:
        for note in ("a", "b", "c"):
            advance(note)
    assert capsys.readouterr().out == "work 3/3 c\n"  # lines in between come every ten seconds


def test_on_a_terminal_progress_is_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_force_terminal", True)
    with progress("work", 2) as advance:
        advance("half way")
        advance("done")
    printed = capsys.readouterr().out
    assert "━" in printed
    assert "2/2" in printed
