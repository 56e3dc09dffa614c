"""For programs: a photograph goes in by POST and comes back in colour. Both apps serve it beside their pages."""

import asyncio
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from colorlib.apps.studio import takeaway
from colorlib.apps.studio.desk import Desk, Look, Wish
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.upload import LARGEST_FILE, receive
from colorlib.errors import ColorlibError
from colorlib.inference.checks import check_blend

ADDRESS = "/api/colorize"
OPTIONS = ("model", "temperature", "blend", "format")
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}


def route(shelf: Shelf) -> Route:
    """`POST /api/colorize?model=…&temperature=…&blend=…&format=…` with the photograph's bytes as its body.

    Answers with the picture; or with status 400 and {"error": sentence}. Works on one photograph at a time.
    """
    turn = asyncio.Lock()

    async def colorize(request: Request) -> Response:
        try:
            content = await _body(request)
            options = dict(request.query_params)
            async with turn:
                picture = await run_in_threadpool(colorized, shelf, content, options)
        except ColorlibError as error:
            return JSONResponse({"error": str(error)}, 400)
        return Response(picture, media_type=TYPES[options.get("format", "PNG")])

    return Route(ADDRESS, colorize, methods=["POST"])


def colorized(shelf: Shelf, content: bytes, options: Mapping[str, str]) -> bytes:
    """The picture as a file.

    Args:
        shelf: the models.
        content: the photograph's bytes.
        options: model (default: the shelf's first), temperature (default: the model's), blend (1), format (PNG; JPEG).

    Raises:
        ColorlibError: an unknown option, a value out of range, or a photograph or model that cannot be read.
    """
    for name in options:
        if name not in OPTIONS:
            raise ColorlibError(f"got option {name!r}, expected {', '.join(OPTIONS)}")
    blend = _number(options, "blend", 1.0)
    check_blend(blend)
    temperature = _number(options, "temperature", 0.0) if "temperature" in options else None
    model = options.get("model", shelf.names()[0])
    shelf.colorizer(model).temperature_or_default(temperature)  # regression has none: here one is refused
    wish = Wish(receive("the photograph", content), Look(model), temperature, blend)
    return takeaway.picture_file(Desk(shelf), wish, options.get("format", "PNG"))


def _number(options: Mapping[str, str], name: str, default: float) -> float:
    try:
        return float(options.get(name, default))
    except ValueError:
        raise ColorlibError(f"got {name} {options[name]!r}, expected a number from 0 to 1") from None


async def _body(request: Request) -> bytes:
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > LARGEST_FILE:
            break  # `receive` says that it is too large
    return bytes(content)
