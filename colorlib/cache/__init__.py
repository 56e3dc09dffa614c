"""Results kept: never the same work twice.

`open_cache(url)` gives a `Cache`, or None for "none"; `result_key` says under what a result is kept.
"""

from colorlib.cache.cache import Cache, Statistics
from colorlib.cache.key import Scalar, result_key
from colorlib.cache.opening import open_cache

__all__ = ["Cache", "Scalar", "Statistics", "open_cache", "result_key"]
