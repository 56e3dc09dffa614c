"""Checks of a subject's memory: does the prediction hold in a real run, and does anything grow?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from audit.memory import GROWTH, PREDICTION, TITLES
from audit.memory.subject import Subject
from audit.model import Check, Evidence, Row, Verdict, weakest
from footprint import Growth, Prepare, format_size, growth, training_peak
from footprint.measure import cpu_peak, one_thread

TOLERANCE = 2.0  # percent
SCRATCH = 1_500_000  # bytes that oneDNN's kernels may take whatever the size; they count only in tiny networks
BATCH = 2


@dataclass(frozen=True)
class Case:
    """One thing to rehearse and to run.

    Attributes:
        id: of the row.
        name: for people.
        prepare: for `footprint`.
        trains: two iterations of training; otherwise one prediction.
    """

    id: str
    name: str
    prepare: Prepare
    trains: bool


def cases(subject: Subject) -> Iterator[Case]:
    """Training plainly, training with all that saves memory, and a prediction, of each model at a small size."""
    side = subject.small
    for model in subject.models:
        if subject.training is not None:
            settings = dict.fromkeys(
                ((subject.precisions[0], False), (subject.precisions[-1], subject.recomputations[-1]))
            )
            for precision, recompute in settings:
                how = f"{precision}, recomputed" if recompute else precision
                prepare = subject.training(model, BATCH, side, precision, recompute, "cpu")
                yield Case(f"{model}.training.{how.replace(', ', '.')}", f"{model}, training, {how}", prepare, True)
        if subject.inference is not None:
            precision = subject.precisions[0]
            prepare = subject.inference(model, side, precision, "cpu")
            yield Case(f"{model}.inference.{precision}", f"{model}, inference, {precision}", prepare, False)


def prediction_check(subject: Subject) -> Check:
    """Every case rehearsed on fake tensors and run on real ones; the allocator's own record decides."""
    rows = tuple(guarded(case, lambda case: prediction_row(case, subject.small)) for case in cases(subject))
    return summary(PREDICTION, rows, f"within {TOLERANCE:g} % of the allocator's record, or oneDNN's scratch space")


def prediction_row(case: Case, side: int) -> Row:
    """Prediction against the CPU allocator's record, both in one thread."""
    iterations = 2 if case.trains else 1
    with one_thread():
        predicted = training_peak(case.prepare, iterations=iterations).total
        measured = cpu_peak(case.prepare, iterations=iterations)
    off = round(100 * (measured / predicted - 1), 1) + 0.0
    close = abs(off) <= TOLERANCE or 0 <= measured - predicted <= SCRATCH
    verdict = Verdict.PASS if close else Verdict.FAIL
    size = f"batch {BATCH}, {side}×{side}" if case.trains else f"{side}×{side}"
    evidence = Evidence(
        command=f"footprint.measure.cpu_peak against footprint.training_peak: {case.name}, {size}", measured=off,
        expected=f"± {TOLERANCE:g}", unit="% of the prediction", versions=(("torch", torch.__version__),),
    )  # fmt: skip
    message = f"{case.name}, {size}: {off:+.1f} % from {format_size(predicted)} predicted to the real peak"
    return Row(case.id, case.name, "", "", verdict, evidence, message)


def growth_check(subject: Subject) -> Check:
    """Every case rehearsed for five iterations; predictions are kept, as one keeps them."""
    rows = tuple(guarded(case, growth_row) for case in cases(subject))
    return summary(GROWTH, rows, "stay as they are from iteration to iteration")


def growth_row(case: Case) -> Row:
    """What an iteration leaves behind."""
    found = growth(case.prepare, keep_results=not case.trains)
    verdict = Verdict.FAIL if found.grows else Verdict.PASS
    evidence = Evidence(
        command=f"footprint.growth: {case.name}", measured=found.bytes_an_iteration, expected=0,
        unit="bytes an iteration", versions=(("torch", torch.__version__),),
    )  # fmt: skip
    return Row(case.id, case.name, "", "", verdict, evidence, growth_message(case, found))


def growth_message(case: Case, found: Growth) -> str:
    """What grows, and where to look."""
    if not found.grows:
        return f"{case.name}: nothing is retained"
    amounts = f"{found.bytes_an_iteration} bytes and {found.nodes_an_iteration} nodes of autograd's graph"
    if case.trains:
        cause = "a loss, or a state kept between iterations, without .detach() or float(); validation without no_grad"
    else:
        cause = "predictions made without torch.no_grad() or inference_mode(), or a cache without a limit"
    return f"{case.name}: every iteration leaves {amounts} behind; look for {cause}"


def guarded(case: Case, measure: Callable[[Case], Row]) -> Row:
    """The row; where the subject raises, a row that says so, and the others go on."""
    try:
        return measure(case)
    except Exception as error:
        return raised(case.id, case.name, error)


def raised(identifier: str, name: str, error: Exception) -> Row:
    """The row of a case in which the subject raised."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return Row(identifier, name, "", "", Verdict.ERROR, Evidence(name), f"{name}: the subject raised {reason}")


def summary(identifier: str, rows: tuple[Row, ...], words: str) -> Check:
    """One check of all rows: the weakest leg."""
    passed = sum(row.verdict is Verdict.PASS for row in rows)
    parts = [f"{passed} of {len(rows)} {words}"]
    parts += [row.message for row in rows if row.verdict is not Verdict.PASS]
    evidence = Evidence(
        command=f"{identifier} on {len(rows)} cases", measured=passed, expected=len(rows), unit="cases",
        versions=(("torch", torch.__version__),),
    )  # fmt: skip
    return Check(
        identifier, TITLES[identifier], weakest(row.verdict for row in rows), "; ".join(parts), rows=rows,
        evidence=(evidence,),
    )  # fmt: skip
