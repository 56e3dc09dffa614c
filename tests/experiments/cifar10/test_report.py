from typing import Any

from experiments.cifar10.report import METRICS, render
from experiments.cifar10.settings import load_experiment

EXPERIMENT = load_experiment()
SEARCH = {kind: {str(rate): 1.0 for rate in EXPERIMENT.search.candidates} for kind in EXPERIMENT.learning_rates}

# What each run is worth: (AuC, rebalanced AuC, chroma)
PAPER = {
    "regression": (0.92, 0.64, 8.0),
    "class-313-plain": (0.93, 0.65, 10.0),
    "class-484-plain": (0.93, 0.65, 10.0),
    "class-313-rebalanced": (0.91, 0.67, 15.0),
    "class-484-rebalanced": (0.91, 0.67, 15.0),
}


def results(worth: dict[str, tuple[float, float, float]], seeds: int = 3) -> dict[str, Any]:
    runs = {}
    for name, (auc, rebalanced, chroma) in worth.items():
        for seed in range(seeds):
            jitter = 0.001 * seed
            test = {"auc": auc + jitter, "rebalanced_auc": rebalanced + jitter, "chroma": chroma + jitter, "psnr": 22.0}
            facts = {"learning_rate": 0.001, "epochs": 1, "weights": 9, "seconds": 60.0, "processor_seconds": 50.0}
            runs[f"{name}-{seed}"] = {"run": name, "seed": seed, "commit": "abc", "test": test, **facts}
    grey = {"auc": 0.9, "rebalanced_auc": 0.6, "chroma": 0.0, "psnr": 21.0}
    missing = [f"{name}-2" for name in worth] if seeds < 3 else []
    return {
        "images": 100,
        "left_out": {"grey": 2, "near-copy": 3},
        "truth": {"chroma": 14.0},
        "baselines": {"grey": grey},
        "missing": missing,
        "runs": runs,
    }


def verdicts(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line.startswith("### (")]
    return {line[4:7]: line.rsplit(": ", 1)[1] for line in lines}


def test_the_papers_own_ordering_holds() -> None:
    text = render(results(PAPER), SEARCH, EXPERIMENT)
    assert verdicts(text) == {"(a)": "holds", "(b)": "holds", "(c)": "holds", "(d)": "holds"}
    assert "| class-313-rebalanced | class-313-plain | rebalanced AuC (%) | +2.00 ± 0.14 | holds |" in text
    assert "| class-484-plain | class-313-plain | AuC (%) | +0.00 ± 0.14 | undecided |" in text
    assert "| regression | 3 | 92.10 ± 0.10 | 64.10 ± 0.10 | 8.00 ± 0.00 | 22.00 ± 0.00 |" in text
    assert "All runs of the experiment were run." in text


def test_each_statement_can_fail() -> None:
    for key, changed in (
        ("(a)", {"class-313-rebalanced": (0.91, 0.645, 15.0)}),
        ("(b)", {"class-484-plain": (0.93, 0.63, 10.0)}),
        ("(c)", {"class-313-plain": (0.93, 0.65, 7.0)}),
        ("(d)", {"class-484-rebalanced": (0.89, 0.67, 15.0)}),
    ):
        found = verdicts(render(results({**PAPER, **changed}), SEARCH, EXPERIMENT))
        assert found[key] == "does not hold", key
    text = render(results({**PAPER, "class-484-plain": (0.93, 0.63, 10.0)}), SEARCH, EXPERIMENT)
    words = "holds for class-313-plain, class-313-rebalanced, class-484-rebalanced; does not hold for class-484-plain."
    assert words in text


def test_one_seed_decides_nothing_and_missing_runs_are_named() -> None:
    text = render(results(PAPER, seeds=1), SEARCH, EXPERIMENT)
    assert set(verdicts(text).values()) == {"undecided"}
    assert "Not run: regression-2, class-313-plain-2" in text


def test_a_run_that_is_missing_altogether_is_not_run() -> None:
    worth = {name: values for name, values in PAPER.items() if name != "regression"}
    text = render(results(worth), SEARCH, EXPERIMENT)
    assert f"| regression | 0 |{' not run |' * len(METRICS)}" in text
    assert verdicts(text)["(b)"] == "undecided"
    assert verdicts(text)["(a)"] == "holds"
