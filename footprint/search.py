"""The largest batch, tile or whatever else that fits."""

from collections.abc import Callable
from functools import cache

from footprint.sizes import FootprintError

LEAP = 8  # the next try is at most so many times the last one that fitted


def largest(
    bytes_of: Callable[[int], int], budget: int, upper: int, multiple: int = 1, power: int = 1, start: int = 1
) -> int:
    """The largest n ≤ `upper`, a multiple of `multiple`, with bytes_of(n) ≤ budget; 0 where none fits.

    Memory grows nearly in proportion to a batch, or to the square of a side, so a straight line through two known
    points hits close. Every guess is tried, so the answer is exact where `bytes_of` never falls.

    Args:
        bytes_of: the peak at n.
        budget: bytes.
        upper: the largest n of interest.
        multiple: n is a multiple of it.
        start: a size at which to begin, where one is known that probably fits; a multiple as well.
        power: memory grows like n to this power: 1 for a batch, 2 for the side of a tile.

    Raises:
        FootprintError: `upper` lies below `multiple`, or `multiple` below 1.
    """
    if not 1 <= multiple <= upper:
        raise FootprintError(f"Got upper={upper} and multiple={multiple}, expected 1 ≤ multiple ≤ upper.")

    @cache
    def size(steps: int) -> int:
        return bytes_of(steps * multiple)

    if size(1) > budget:
        return 0
    most = upper // multiple
    begin = start // multiple
    fits = begin if 1 < begin < most and size(begin) <= budget else 1
    above = min(2 * fits, most)
    while size(above) <= budget:
        if above == most:
            return most * multiple
        slope = (size(above) - size(fits)) / (above**power - fits**power)
        reach = int((above**power + (budget - size(above)) / slope) ** (1 / power)) + 1 if slope > 0 else most
        fits, above = above, min(most, LEAP * above, max(reach, above + 1))
    width, halve = above - fits, False
    while above - fits > 1:
        share = 0.5 if halve else (budget - size(fits)) / (size(above) - size(fits))
        guess = int((fits**power + share * (above**power - fits**power)) ** (1 / power))
        guess = min(max(guess, fits + 1), above - 1)
        if size(guess) <= budget:
            fits = guess
        else:
            above = guess
        # Where a bent curve led the line astray, the middle is tried in turn.
        halve, width = not halve and above - fits > width / 2, above - fits
    return fits * multiple
