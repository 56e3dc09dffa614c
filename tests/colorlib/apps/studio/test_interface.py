import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from colorlib.apps.studio import interface
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.upload import LARGEST_FILE
from colorlib.inference import Colorizer
from tests.browsing import photograph_bytes, save_small_model


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    save_small_model(folder / "small")
    save_small_model(folder / "regression", "regression")
    return folder


@pytest.fixture(scope="module")
def client(models: Path) -> TestClient:
    return TestClient(Starlette(routes=[interface.route(Shelf(models))]))


def test_a_photograph_comes_back_as_the_library_colours_it(client: TestClient, models: Path) -> None:
    answer = client.post(
        interface.ADDRESS, params={"model": "small", "temperature": 0.2, "blend": 0.5}, content=photograph_bytes(1)
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    photograph = Image.open(io.BytesIO(photograph_bytes(1)))
    expected = Colorizer.from_pretrained(models / "small").analyse(photograph).picture(0.2, 0.5)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(answer.content))), np.asarray(expected))


def test_the_format_is_what_was_asked_for(client: TestClient) -> None:
    answer = client.post(interface.ADDRESS, params={"format": "JPEG"}, content=photograph_bytes(1))
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).format == "JPEG"


@pytest.mark.parametrize(
    ("options", "content", "words"),
    [
        ({"temperature": "2"}, photograph_bytes(1), "temperature"),
        ({"temperature": "nan"}, photograph_bytes(1), "temperature"),
        ({"temperature": "hot"}, photograph_bytes(1), "got temperature 'hot', expected a number"),
        ({"temperature": "0.5", "model": "regression"}, photograph_bytes(1), "temperature"),
        ({"blend": "3"}, photograph_bytes(1), "got blend 3.0"),
        ({"model": "none"}, photograph_bytes(1), "choose one of regression, small"),
        ({"format": "BMP"}, photograph_bytes(1), "expected PNG or JPEG"),
        ({"colour": "1"}, photograph_bytes(1), "got option 'colour', expected model, temperature, blend, format"),
        ({}, b"no picture", "the photograph is not an image"),
        ({}, bytes(LARGEST_FILE + 1), "more than the 64 MiB"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    client: TestClient, options: dict[str, str], content: bytes, words: str
) -> None:
    answer = client.post(interface.ADDRESS, params=options, content=content)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
