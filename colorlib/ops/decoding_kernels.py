"""The annealed mean in one pass over the logits of a pixel, which stay in the first-level cache.

exp is a polynomial and a shift of bits, which the compiler can vectorise: within 2e-7 of it, relatively.
"""

import math
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from colorlib.ops.compiled import compiled_in_any_order, for_each_range
from footprint import pretended

Floats = npt.NDArray[np.float32]
Bits = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]

SMALLEST_RANGE = 512  # pixels, below which another thread does not pay
LEAST = np.float32(-100)  # of the exponent of 2: beside 1 it is nothing, and colder makes products subnormal numbers
ZERO, NAN = np.float32(0), np.float32(np.nan)
LANES = 64  # bins are padded to a multiple of it: no round of a loop is left to the compiler's unvectorised rest
LOWEST, SIGN, REST = np.int32(-(2**31)), np.int32(31), np.int32(0x7FFFFFFF)  # of 32 bits: sign apart from the rest
INFINITE = np.int32(0x7F800000)  # the bits of +∞; what is no number has more
NONE = np.int32(0xFF800000 - 2**32)  # the bits of −∞, which a bin has that is ruled out
NOWHERE = np.int32(NONE ^ REST)  # its place in the order
BIAS, MANTISSA = np.int32(127), np.int32(23)  # of a float32: what is added to its exponent, bits below it

# 2^x for −1 < x ≤ 0: constant term first.
POWER = np.polynomial.Chebyshev.interpolate(np.exp2, 5, domain=[-1, 0]).convert(kind=np.polynomial.Polynomial).coef
C0, C1, C2, C3, C4, C5 = (np.float32(coefficient) for coefficient in POWER)


def annealed_mean(logits: torch.Tensor, points: torch.Tensor, temperature: float) -> torch.Tensor:
    """Decode logits on the CPU.

    Args:
        logits: N×Q×H×W, float32 or bfloat16, best in channels-last order; −∞ rules a bin out.
        points: Q×2, ab of the bins.
        temperature: T.

    Returns:
        ab N×2×H×W float32.
    """
    n, q, h, w = logits.shape
    rows = logits.detach().permute(0, 2, 3, 1).contiguous()  # (N, H, W, Q)
    ab = torch.empty((n, h, w, 2))
    if pretended(logits):
        return ab.permute(0, 3, 1, 2)  # (N, 2, H, W)
    bins = np.zeros((2, -(-q // LANES) * LANES), np.float32)
    bins[:, :q] = points.numpy().T
    whole = torch.uint16 if rows.dtype == torch.bfloat16 else torch.uint32
    bits = rows.view(whole).numpy().reshape(n * h * w, q)
    scale = np.float32(math.log2(math.e) / temperature)
    work = partial(decode_range, bits, np.uint32(16 * (whole == torch.uint16)), bins, scale, ab.view(-1, 2).numpy())
    for_each_range(work, n * h * w, SMALLEST_RANGE)
    return ab.permute(0, 3, 1, 2)  # (N, 2, H, W)


@compiled_in_any_order
def decode_range(
    bits: Bits, shift: np.uint32, points: Floats, scale: np.float32, out: Floats, start: int, stop: int
) -> None:
    """Decode the pixels start..stop.

    Args:
        bits: P×Q, the logits' bits; bfloat16 is the upper half of a float32.
        shift: 16 for bfloat16, 0 for float32.
        points: ab of the bins, 2×R: Q of them, then zeros.
        scale: log₂ e / T.
        out: P×2, ab.
        start: first pixel.
        stop: the pixel after the last.
    """
    row_bits = np.full(points.shape[1], NONE, np.int32)
    row = row_bits.view(np.float32)
    for pixel in range(start, stop):
        for i in range(bits.shape[1]):
            row_bits[i] = np.int32(np.uint32(bits[pixel, i]) << shift)
        # Bits in whose order floats are: whole numbers have a maximum that the compiler vectorises.
        largest, highest = np.int32(0), LOWEST
        for i in range(len(row_bits)):
            largest = max(largest, np.int32(row_bits[i] & REST))
            highest = max(highest, np.int32(row_bits[i] ^ ((row_bits[i] >> SIGN) & REST)))
        if largest > INFINITE or highest >= INFINITE or highest == NOWHERE:  # NaN, +∞, or every bin ruled out
            out[pixel, 0] = out[pixel, 1] = NAN
            continue
        top = np.int32(highest ^ ((highest >> SIGN) & REST)).view(np.float32)
        a, b, total = ZERO, ZERO, ZERO
        for i in range(len(row)):
            exponent = max((row[i] - top) * scale, LEAST)
            integer = np.int32(exponent)  # towards zero
            x = exponent - np.float32(integer)
            power = np.int32((integer + BIAS) << MANTISSA).view(np.float32)
            share = power * (C0 + x * (C1 + x * (C2 + x * (C3 + x * (C4 + x * C5)))))
            a += share * points[0, i]
            b += share * points[1, i]
            total += share
        out[pixel, 0], out[pixel, 1] = a / total, b / total
