"""Where the stages put what they make, from the project's folder; `dvc.yaml` names the same."""

from pathlib import Path

PREPARED = Path("data/prepared")
STATISTICS = Path("reports/statistics")
MODELS = Path("models")
CHECKPOINTS = Path("checkpoints")
TRAINING = Path("reports/training")
EVALUATION = Path("reports/evaluation")
AUDIT = Path("reports/audit")
