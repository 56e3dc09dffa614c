"""What the model card of a run says."""

from pathlib import Path

from colorlib.models.card import ModelCard
from colorlib.pipeline.settings import PipelineSettings
from colorlib.pipeline.tracking import flatten
from colorlib.training.provenance import code_name, find_commits
from colorlib.training.trainer import Epoch


def model_card(name: str, settings: PipelineSettings, photographs: int, last: Epoch) -> ModelCard:
    """The card of the run `name`.

    It names the code by what it holds and no date, so that the same code, data and parameters give the same bytes in
    every clone; the MLflow run that is tagged with the hash of the weights has commit and date.
    """
    return ModelCard(
        title=f"{name} ({settings.train.model})",
        data=(
            f"{photographs} photographs of `{settings.prepare.source}`, {settings.train.epochs} epochs at "
            f"{settings.train.crop}×{settings.train.crop} pixels. The paper's network was trained on 1.3 million: "
            "this one shows that the chain works. Its colours are guesses, bold ones where it was trained with "
            "rebalancing, and often wrong. `reports/evaluation/table.md` has grey and a mean colour beside it."
        ),
        licence=_licence(Path(settings.prepare.source)),
        metrics={
            "AuC, validation split": last.val_auc,
            "mean chroma of predictions, validation split (Lab units)": last.val_chroma,
        },
        parameters=flatten(
            {
                "run": settings.run(name).model_dump(),
                **settings.model_dump(include={"prepare", "encoding", "rebalancing", "decoding", "train"}),
            }
        ),
        code=(
            f"Trained by the code with the name `{code_name()}`. In a clone of the project, this prints the commits "
            f"that brought it; those that follow hold it until the next change:\n\n```sh\n{find_commits()}```"
        ),
    )


def _licence(source: Path) -> str:
    ours = "BSD-2-Clause, as the code. The photographs keep their own licences"
    if not (source / "manifest.csv").is_file():
        return f"{ours}."
    return f"{ours}, which stand with authors and sources in `{source}/manifest.csv`."
