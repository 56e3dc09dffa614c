"""The first call of MKL's vector functions, made before several threads can make it at once.

torch gives contiguous floats to these functions, a piece to each thread. MKL (2024.2, which torch 2.13 brings) looks
for the kernel of a function at its first call; where two threads do that together, one of them may work on its piece
with a kernel of lower accuracy, that once: https://github.com/pytorch/pytorch/issues/188792. A run then differs from
others in some digits, though nothing else does. After one call by one thread the kernel is known.
"""

import torch

# The ones that torch's header ATen/cpu/vml.h hands to MKL.
FUNCTIONS = (
    *("acos", "asin", "atan", "cos", "sin", "tan", "tanh"),
    *("erf", "erfc", "erfinv", "exp", "log", "log10", "log2", "sqrt", "trunc"),
)


def settle() -> None:
    """Call each function once, on one number (float32, float64). Takes milliseconds; again, microseconds."""
    for dtype in (torch.float32, torch.float64):
        one = torch.full((1,), 0.5, dtype=dtype)
        for name in FUNCTIONS:
            getattr(torch, name)(one)
