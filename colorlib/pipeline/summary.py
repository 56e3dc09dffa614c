"""Says where everything lies after a run of the pipeline. `python -m colorlib.pipeline.summary`."""

from colorlib.pipeline.paths import AUDIT, EVALUATION, MODELS, STATISTICS
from colorlib.pipeline.settings import load_settings
from colorlib.pipeline.stage import console, run_stage
from colorlib.pipeline.tracking import tracking_uri, without_password


def main() -> None:
    """Print one line for each thing a person may want to look at."""
    main_run = load_settings().main
    uri = without_password(tracking_uri())
    store = uri if uri == tracking_uri() else '"$MLFLOW_TRACKING_URI"'
    for what, where in {
        "model": f"{MODELS / main_run}/  (all runs: {MODELS}/)",
        "metrics": f"{EVALUATION}/table.md, metrics.json  (dvc metrics show)",
        "pictures": f"{EVALUATION}/pictures.png, curves.png, {STATISTICS}/*.png  (dvc plots show)",
        "MLflow runs": f"{uri}  (mlflow ui --backend-store-uri {store})",
        "audit report": f"{AUDIT}/report.md, report.json",
        "next": f"colorlib colorize PHOTO --model {MODELS / main_run}",
    }.items():
        console.print(f"{what:<14}{where}", markup=False)


if __name__ == "__main__":
    run_stage("summary", main)
