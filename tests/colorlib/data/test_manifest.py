from pathlib import Path

import pytest

from colorlib.data.manifest import read_manifest
from colorlib.errors import ColorlibError
from tests.allocating import peak

HEADER = "file,sha256,width,height,split,group,licence,author,source"
ROW = "a.jpg,AB12,30,20,train,g1,CC0-1.0,Ann,https://example.org/a"


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "manifest.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_rows_become_photos_in_order(tmp_path: Path) -> None:
    path = write(tmp_path, ROW, "b.jpg,cd,4,5,val,g2,Public Domain,Bob,x")
    first, second = read_manifest(path)
    assert (first.file, first.sha256, first.width, first.height, first.split) == ("a.jpg", "ab12", 30, 20, "train")
    assert (second.licence, second.author, second.source, second.group) == ("Public Domain", "Bob", "x", "g2")


def test_a_manifest_saved_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, ROW)
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert [photo.file for photo in read_manifest(path)] == ["a.jpg"]


def test_the_starter_set_is_whole_and_free() -> None:
    photos = read_manifest(Path(__file__).parents[3] / "data/starter/manifest.csv")
    assert len(photos) == 200
    assert {photo.licence.lower() for photo in photos} == {"public domain", "cc0-1.0"}
    assert all(photo.author and photo.source.startswith("http") for photo in photos)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "lists no photograph"),
        ([ROW, ROW], "a.jpg is listed twice"),
        ([ROW, ROW.replace("a.jpg", "b.jpg").replace("train", "test")], "group g1 is torn apart.*a.jpg.*b.jpg"),
        ([ROW.replace("train", "training")], ":2: split is 'training', expected one of train, val, test"),
        ([ROW.replace("30", "wide")], ":2: width is 'wide'"),
        ([ROW.replace(",20,", ",0,")], ":2: height is '0'"),
        ([ROW.replace("AB12", "")], ":2: sha256 is empty"),
        ([ROW.replace("a.jpg", "../a.jpg")], "leads out of the manifest's folder"),
        ([ROW.replace("a.jpg", "/etc/a.jpg")], "leads out of the manifest's folder"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(ColorlibError, match=message):
        read_manifest(write(tmp_path, *rows))


def test_rows_are_read_when_they_are_gone_through_and_not_held(tmp_path: Path) -> None:
    rows = [f"{number}.jpg,ab,4,5,train,g{number},,," for number in range(3000)]
    path = write(tmp_path, *rows)

    def read_twice() -> None:
        photos = read_manifest(path)
        assert sum(1 for _ in photos) == sum(1 for _ in photos) == len(photos) == 3000

    assert peak(read_twice) < 300_000  # bytes; 3000 rows take more than a million


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="lacks licence"):
        read_manifest(write(tmp_path, ROW, header=HEADER.replace("licence", "license")))


def test_a_missing_manifest_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match=r"no manifest .*manifest.csv: restore it"):
        read_manifest(tmp_path / "manifest.csv")


def test_a_manifest_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ColorlibError, match="cannot be read"):
        read_manifest(tmp_path / "manifest.csv")
