"""The write-up, from the metrics alone. `python -m experiments.cifar10.report`."""

import json
from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

from colorlib.files import write_text
from colorlib.pipeline.stage import console, run_stage
from experiments.cifar10.settings import REPORT, RESULTS, SEARCH, Experiment, load_experiment
from experiments.cifar10.verdicts import Comparison, compare, in_words, together

METRICS = {
    "auc": "AuC (%)",
    "rebalanced_auc": "rebalanced AuC (%)",
    "chroma": "chroma (Lab units)",
    "psnr": "PSNR (dB)",
}
PERCENT = ("auc", "rebalanced_auc")
REGRESSION, GREY = "regression", "grey"
PLAIN, REBALANCED = ("class-313-plain", "class-484-plain"), ("class-313-rebalanced", "class-484-rebalanced")

Values = dict[str, dict[str, list[float]]]  # run -> metric -> one value a seed


def main() -> None:
    """Write reports/reproduction.md."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    write_text(REPORT, page(results))
    console.print(f"{REPORT}: {len(results['runs'])} runs, {len(results['missing'])} not run")


def page(results: dict[str, Any]) -> str:
    """The text from these results, with the search and the parameters of the experiment as they are."""
    return render(results, json.loads(SEARCH.read_text(encoding="utf-8")), load_experiment())


def render(results: dict[str, Any], search: dict[str, dict[str, float]], experiment: Experiment) -> str:
    """The whole text. `results` is what evaluate.py wrote, `search` what search.py wrote."""
    values = collect(results, list(experiment.runs))
    parts = [
        "# Which of the paper's statements hold on CIFAR-10",
        "Written by `python -m experiments.cifar10.report` from `experiments/cifar10/results.json`; no figure here was "
        "typed by a person.",
        "## Statements",
        statements(values),
        "## Metrics",
        f"{results['images']} images of the official test set, mean ± standard deviation over seeds. The images "
        f"themselves have a mean chroma of {results['truth']['chroma']:.2f}.",
        metrics_table(values, results["baselines"]),
        "## What 484 bins change against 313",
        "No statement of the paper; the same test of the seeds.",
        comparison_table(bins_comparisons(values)),
        "## How it was done",
        method(results, search, experiment),
        "## What was run",
        provenance(results),
    ]
    return "\n\n".join(parts) + "\n"


def collect(results: dict[str, Any], names: Sequence[str]) -> Values:
    """The test metrics of the finished runs, by run and metric, one value a seed; grey among them."""
    values: Values = {name: {metric: [] for metric in METRICS} for name in names}
    for facts in results["runs"].values():
        for metric in METRICS:
            values[facts["run"]][metric].append(facts["test"][metric])
    values[GREY] = {metric: [results["baselines"][GREY][metric]] for metric in METRICS}
    return values


def statements(values: Values) -> str:
    """The paper's four statements, each with the comparisons that it is made of."""
    classification = [*PLAIN, *REBALANCED]
    trained = [REGRESSION, *classification]
    sections = {
        "(a) Rebalancing raises rebalanced AuC": [
            _compare(values, high, low, "rebalanced_auc") for high, low in zip(REBALANCED, PLAIN, strict=True)
        ],
        "(b) Classification beats regression on rebalanced AuC": [
            _compare(values, name, REGRESSION, "rebalanced_auc") for name in classification
        ],
        "(c) Regression is the least colourful": [
            _compare(values, name, REGRESSION, "chroma") for name in classification
        ],
        "(d) Everything beats grey": [_compare(values, name, GREY, metric) for metric in PERCENT for name in trained],
    }
    lines = [
        "A comparison holds where every seed of the first lies above every seed of the second, does not hold where "
        "every one lies below, and is undecided otherwise, or where a side has fewer than two seeds. With three seeds "
        "a side, two equal runs would be told apart like this by chance once in twenty times, each way. A statement "
        "holds where all its comparisons do, and does not hold where any does not. The ± of a difference is "
        "√(s₁² + s₂²), s the standard deviation over seeds."
    ]
    for title, comparisons in sections.items():
        words = in_words(comparisons)
        lines += ["", f"### {title}: {together(comparisons).value}", "", f"In detail: {words}.", ""]
        lines.append(comparison_table(comparisons))
    return "\n".join(lines)


def bins_comparisons(values: Values) -> list[Comparison]:
    """484 bins against 313, plain and rebalanced, in every metric."""
    pairs = [("class-484-plain", "class-313-plain"), ("class-484-rebalanced", "class-313-rebalanced")]
    return [_compare(values, full, paper, metric) for full, paper in pairs for metric in METRICS]


def comparison_table(comparisons: Sequence[Comparison]) -> str:
    """One line a comparison: difference of the means ± its standard deviation, and the verdict."""
    lines = ["| higher | than | metric | difference | verdict |", "|---|---|---|---:|---|"]
    for one in comparisons:
        scale = 100 if one.metric in PERCENT else 1
        cell = "not run" if one.difference is None else f"{scale * one.difference:+.2f}"
        cell += "" if one.spread is None else f" ± {scale * one.spread:.2f}"
        lines.append(f"| {one.higher} | {one.lower} | {METRICS[one.metric]} | {cell} | {one.verdict.value} |")
    return "\n".join(lines)


def metrics_table(values: Values, baselines: dict[str, dict[str, float]]) -> str:
    """Mean ± standard deviation of every metric of every run, and the baselines."""
    lines = [f"| run | seeds | {' | '.join(METRICS.values())} |", f"|---|---:|{'---:|' * len(METRICS)}"]
    for name, metrics in baselines.items():
        lines.append(f"| {name} | – | {' | '.join(_cell(metric, [metrics[metric]]) for metric in METRICS)} |")
    for name, by_metric in values.items():
        if name != GREY:
            cells = " | ".join(_cell(metric, by_metric[metric]) for metric in METRICS)
            lines.append(f"| {name} | {len(by_metric['auc'])} | {cells} |")
    return "\n".join(lines)


def method(results: dict[str, Any], search: dict[str, dict[str, float]], experiment: Experiment) -> str:
    """Data, network, schedule and learning rates, from the parameters."""
    train, adam, left_out = experiment.train, experiment.train.optimiser, results["left_out"]
    dropped = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
    candidates = experiment.search.candidates
    lines = [
        f"- Data: {50_000 - experiment.validation} training images; the last {experiment.validation} of the official "
        "training set chose",
        f"  the learning rates. Left out of the test set: {dropped} (`experiments/cifar10/select.py` says how they are",
        "  found).",
        "- Network: `SmallNet` (`experiments/cifar10/network.py`), the paper's shape with fewer layers and channels:",
        "  stride 8 inside, stride 4 out. A 32×32 image gives 8×8 targets, every fourth pixel. Plain initialisation.",
        f"- Training: {train.epochs} epoch(s) of batches of {train.batch_size}, whole images mirrored at random, Adam",
        f"  with β {adam.beta1}, {adam.beta2}, coupled decay {adam.weight_decay}, {train.schedule.kind} schedule",
        f"  with a warm-up of {train.schedule.warmup:.0%}; the same for all runs but for the learning rate.",
        "- Metrics: predictions upsampled from 8×8 to 32×32 and compared at every pixel. Rebalanced AuC weighs pixels",
        "  by 1/p̃, p̃ the smoothed prior of the training images on the 313 bins, for all runs alike.",
        "- Learning rates: chosen once for each kind of objective, by its own loss on the validation images after",
        f"  {experiment.search.epochs} epoch with seed {experiment.search.seed}:",
        "",
        f"| objective | {' | '.join(f'loss at {rate}' for rate in candidates)} | taken |",
        f"|---|{'---:|' * (len(candidates) + 1)}",
    ]
    for kind, taken in experiment.learning_rates.items():
        losses = " | ".join(f"{search[kind][str(rate)]:.2f}" for rate in candidates)
        lines.append(f"| {kind} | {losses} | {taken} |")
    return "\n".join(lines)


def provenance(results: dict[str, Any]) -> str:
    """One line a run: what it took, and at which commit; what was not run is said."""
    hours = sum(facts["processor_seconds"] for facts in results["runs"].values()) / 3600
    columns = ("run", "seed", "epochs", "learning_rate", "weights", "processor_seconds", "seconds", "commit")
    lines = [
        "`python -m experiments.cifar10.train RUN SEED` for each; -dirty after a commit stands for local changes.",
        f"Together {hours:.2f} hours of one core; the budget of the experiment is 3 hours on two.",
        "",
        f"| {' | '.join(column.replace('_', ' ') for column in columns)} |",
        f"|---|{'---:|' * (len(columns) - 2)}---|",
        *(f"| {' | '.join(str(facts[column]) for column in columns)} |" for facts in results["runs"].values()),
        "",
        f"Not run: {', '.join(results['missing'])}." if results["missing"] else "All runs of the experiment were run.",
    ]
    return "\n".join(lines)


def _compare(values: Values, higher: str, lower: str, metric: str) -> Comparison:
    above, below = values[higher][metric], values[lower][metric]
    return compare(higher, above, lower, below, metric, constant=lower == GREY)


def _cell(metric: str, numbers: Sequence[float]) -> str:
    if not numbers:
        return "not run"
    scale = 100 if metric in PERCENT else 1
    spread = f" ± {scale * stdev(numbers):.2f}" if len(numbers) > 1 else ""
    return f"{scale * mean(numbers):.2f}{spread}"


if __name__ == "__main__":
    run_stage("report", main)
