from pathlib import Path

import pytest

from colorlib.data.walk import image_files
from colorlib.errors import ColorlibError


def test_every_image_at_any_depth_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2.JPG", "b/1.png", "a.webp", "c/d/e/f.tiff", "notes.txt", ".hidden/x.jpg", ".y.jpg", "b.jpeg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list(image_files(tmp_path)) == ["a.webp", "b/1.png", "b/2.JPG", "b.jpeg", "c/d/e/f.tiff"]


def test_a_linked_folder_does_not_lead_in_circles(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    assert list(image_files(tmp_path)) == ["a.png"]


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="nowhere is not a folder"):
        list(image_files(tmp_path / "nowhere"))
