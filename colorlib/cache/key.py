"""The name of a result: a hash over everything that it depends on."""

import hashlib
import json
import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from colorlib.errors import ColorlibError

Scalar = str | int | float | bool | None

KEY = re.compile("[0-9a-f]{64}")


def result_key(
    pixels: NDArray[np.generic], weights_sha256: str, options: Mapping[str, Scalar], version: int | str
) -> str:
    """SHA-256 over the decoded pixels, the weights and all that was chosen, as 64 hexadecimal digits.

    Hashed are: the length in bytes of the header (8 bytes, little-endian), the header, and the pixels' bytes in C
    order. The header is JSON of the pixels' dtype and shape, the weights' hash, the options in the order of their
    names, and the version; so no two different inputs give the same bytes. 1, 1.0, True and "1" are four values.

    Args:
        pixels: the decoded image, any shape and numeric or boolean dtype.
        weights_sha256: the hash of the weights, 64 hexadecimal digits.
        options: every choice that changes the result, such as the temperature; JSON scalars.
        version: of the result's format; another one makes all older results unfindable.

    Raises:
        ColorlibError: an array of objects, a hash of another form, or an option that is no finite JSON scalar.
    """
    if not isinstance(pixels, np.ndarray) or pixels.dtype.kind not in "biuf":
        got = pixels.dtype if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise ColorlibError(f"result_key: got pixels of {got}, expected a numeric numpy array: decode the image first")
    if not isinstance(weights_sha256, str) or not KEY.fullmatch(weights_sha256):
        raise ColorlibError(
            f"result_key: got the weights' hash {weights_sha256!r}, expected a SHA-256 as 64 hexadecimal digits"
        )
    for name, value in options.items():
        if not isinstance(name, str) or not (value is None or isinstance(value, str | int | float)):
            raise ColorlibError(
                f"result_key: option {name!r} is {value!r}, expected text, a number, True, False or None: convert it"
            )
    header = {
        "dtype": pixels.dtype.str,
        "shape": list(pixels.shape),
        "weights": weights_sha256,
        "options": dict(options),
        "version": version,
    }
    try:
        text = json.dumps(header, sort_keys=True, allow_nan=False).encode("ascii")
    except ValueError as error:
        raise ColorlibError("result_key: an option is NaN or infinite: give a finite number") from error
    digest = hashlib.sha256(len(text).to_bytes(8, "little") + text)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
