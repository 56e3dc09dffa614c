"""One shard: a list of image files becomes the bytes of a tar file in webdataset's layout, and a record of each image.

A sample is two members: `KEY.jpg` (or the original's suffix), and `KEY.json` with file, width, height and grey. Times
and owners in the tar's headers are zero, so that the same images give the same bytes.
"""

import hashlib
import io
import json
import tarfile
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path, PurePosixPath

from PIL import Image

from colorlib import params
from colorlib.data.photos import decode, to_tensor, verify
from colorlib.errors import ColorlibError
from colorlib.ops.lab import rgb_to_lab


@dataclass(frozen=True)
class ShardSettings:
    """How images are stored.

    Attributes:
        size: short side of the stored images in pixels; smaller images keep theirs. None stores the files as they are.
        quality: of the JPEG, 1 to 100, with the colours at full resolution; unused for originals.
        per_shard: files a shard.
    """

    size: int | None = params.IMAGE_SIZE.value
    quality: int = 95
    per_shard: int = 1000

    def __post_init__(self) -> None:
        if self.size is not None and not 8 <= self.size <= 16384:
            raise ColorlibError(f"got size {self.size}, expected 8 to 16384 pixels")
        if not 1 <= self.quality <= 100:
            raise ColorlibError(f"got quality {self.quality}, expected 1 to 100")
        if not 1 <= self.per_shard <= 100_000:
            raise ColorlibError(f"got {self.per_shard} files a shard, expected 1 to 100000")


@dataclass(frozen=True)
class ShardTask:
    """One unit of work, which any process that sees the source can do.

    Attributes:
        number: of the shard, from 0.
        root: the source's folder.
        files: names relative to it.
        settings: of all shards.
        sha256: of the files, to be checked; empty where nothing says it.
    """

    number: int
    root: Path
    files: tuple[str, ...]
    settings: ShardSettings
    sha256: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageRecord:
    """One stored image.

    Attributes:
        file: the original's name.
        key: of the sample in the shard.
        offset: of the image's first byte in the tar file.
        length: of the image in bytes.
        width: as stored, upright, in pixels.
        height: as stored.
        grey: whether no |a| or |b| exceeds 5: the loss masks such an image.
    """

    file: str
    key: str
    offset: int
    length: int
    width: int
    height: int
    grey: bool


@dataclass(frozen=True)
class Shard:
    """What became of a task.

    Attributes:
        blob: the tar file.
        sha256: of it.
        images: what it holds, in its order.
        damaged: (file, reason) of what could not be used.
    """

    blob: bytes
    sha256: str
    images: tuple[ImageRecord, ...]
    damaged: tuple[tuple[str, str], ...]


def make_shard(task: ShardTask) -> Shard:
    """Decode, resize and encode the files of `task`: a function of the files' bytes and the settings alone."""
    stream = io.BytesIO()
    images: list[ImageRecord] = []
    damaged: list[tuple[str, str]] = []
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for place, (file, sha256) in enumerate(zip_longest(task.files, task.sha256, fillvalue="")):
            try:
                if sha256:
                    verify(task.root / file, sha256)
                blob, image, suffix = _stored(task.root / file, task.settings)
            except ColorlibError as error:
                damaged.append((file, str(error).replace(f"{task.root}/", "")))  # the same wherever the source lies
                continue
            key = f"{task.number * task.settings.per_shard + place:09d}"
            grey = is_grey(image)
            facts = {"file": file, "width": image.width, "height": image.height, "grey": grey}
            offset = _add(archive, f"{key}{suffix}", blob)
            _add(archive, f"{key}.json", json.dumps(facts).encode())
            images.append(ImageRecord(file, key, offset, len(blob), image.width, image.height, grey))
    blob = stream.getvalue()
    return Shard(blob, hashlib.sha256(blob).hexdigest(), tuple(images), tuple(damaged))


def is_grey(image: Image.Image) -> bool:
    """Whether no pixel of an RGB image has |a| or |b| above 5."""
    ab = rgb_to_lab(to_tensor(image))[:, 1:]
    return bool(ab.abs().amax() <= params.GREY_THRESHOLD.value)


def record_text(shard: Shard, inputs: str) -> str:
    """The record that lies beside the tar file, as JSON; `inputs` says what it was made from."""
    record = {
        "sha256": shard.sha256,
        "bytes": len(shard.blob),
        "inputs": inputs,
        "images": [list(asdict(image).values()) for image in shard.images],
        "damaged": [list(pair) for pair in shard.damaged],
    }
    return json.dumps(record) + "\n"


def _stored(path: Path, settings: ShardSettings) -> tuple[bytes, Image.Image, str]:
    image = decode(path)
    if settings.size is None:
        return path.read_bytes(), image, PurePosixPath(path.name).suffix.lower()
    scale = settings.size / min(image.size)
    if scale < 1:
        width, height = (max(settings.size, round(side * scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=settings.quality, subsampling=0)
    return stream.getvalue(), image, ".jpg"


def _add(archive: tarfile.TarFile, name: str, blob: bytes) -> int:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(blob), 0o644
    archive.addfile(member, io.BytesIO(blob))
    padding = -len(blob) % tarfile.BLOCKSIZE
    return archive.offset - padding - len(blob)
