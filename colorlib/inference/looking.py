"""What size a photograph has where the network sees it."""

LONGEST = 4  # times the short side: a panorama is not blown up to keep its short side
STEPS = 8  # to which aspect ratios are rounded: eighths
SHORTEST = 8  # pixels, the least that a network takes


def seen_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Height and width of what the network is shown of a picture of that width and height.

    The short side becomes `side`. Aspect ratios are rounded to eighths, so that the pictures of a folder meet in few
    shapes, which run as batches; and with sides of 256 no shape needs padding to a multiple of 32. The network sees a
    scene stretched by at most 6 % (the authors' release squeezes all into squares), and its colours are stretched back.
    """
    width, height = size
    short, long = sorted(size)
    if long <= LONGEST * short:
        seen = (side, round(side * round(STEPS * long / short) / STEPS))
    else:
        seen = (max(SHORTEST, round(LONGEST * side * short / long)), LONGEST * side)
    return seen if height <= width else (seen[1], seen[0])
