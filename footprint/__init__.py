"""Peak memory of a training step or of a prediction, before anything is allocated: rehearsed on fake tensors.

A *prepare* function builds everything (network, optimiser, batch) and returns the network and a step. It is called
inside the rehearsal, where tensors have shapes and no memory; a table of storages says what would have been alive.
The same function runs on real tensors, so a prediction can be held against a measurement.
"""

from footprint.growth import Growth, growth
from footprint.peak import Peak
from footprint.pretence import device_type, pretended
from footprint.rehearse import Prepare, Step, inference_peak, live_peak, training_peak
from footprint.search import largest
from footprint.sizes import FootprintError, format_size, parse_size

__all__ = [
    "FootprintError",
    "Growth",
    "Peak",
    "Prepare",
    "Step",
    "device_type",
    "format_size",
    "growth",
    "inference_peak",
    "largest",
    "live_peak",
    "parse_size",
    "pretended",
    "training_peak",
]
