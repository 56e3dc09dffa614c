"""Adam."""

from audit.papers.adam import beta1, beta2, coupling, learning_rate, second_step

__all__ = ["beta1", "beta2", "coupling", "learning_rate", "second_step"]
