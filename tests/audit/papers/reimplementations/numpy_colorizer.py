"""A reimplementation of the paper's mathematics in plain NumPy, as one finds them, and deliberately wrong.

The bins are right. Much of what follows is not.
"""

import numpy as np

SIGMA, K, T, LAM = 5, 5, 0.38, 0.5
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])
LOWEST = {-90: 50, -80: 20, -70: 0, -60: -20, -50: -30, -40: -40, -30: -50, -20: -50, -10: -60, 0: -70, 10: -80,
          20: -80, 30: -90, 40: -100, 50: -100, 60: -110, 70: -110, 80: -110, 90: -110, 100: -90}  # fmt: skip
HIGHEST = {-90: 90, -80: 90, -70: 90, -60: 90, -50: 100, -40: 100, -30: 100, -20: 100, -10: 100, 0: 100, 10: 90,
           20: 90, 30: 90, 40: 90, 50: 80, 60: 80, 70: 80, 80: 70, 90: 70, 100: 0}  # fmt: skip
BINS = np.array([(a, b) for a in LOWEST for b in range(LOWEST[a], HIGHEST[a] + 1, 10)], dtype=float)


def lab(rgb):
    """…×3 sRGB -> …×3 Lab."""
    rgb = rgb.astype(float)
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = linear @ TO_XYZ.T / WHITE
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)


def encode(ab):
    """M×2 -> M×Q soft targets."""
    squared = ((ab[:, None] - BINS) ** 2).sum(2)
    order = np.argsort(squared, axis=1, kind="stable")[:, :K]
    weights = np.exp(-np.take_along_axis(squared, order, 1) / 2 * SIGMA**2)
    target = np.zeros_like(squared)
    np.put_along_axis(target, order, weights / weights.sum(1, keepdims=True), axis=1)
    return target


def smooth(counts):
    """The prior, smoothed."""
    squared = ((BINS[:, None] - BINS) ** 2).sum(2)
    smoothed = np.exp(-squared / (2 * SIGMA**2)) @ counts
    return smoothed / smoothed.sum()


def class_weights(prior):
    """Weights of equation 4, every bin from its own one-hot prior."""
    own = np.eye(len(prior))
    weights = 1 / ((1 - LAM) * own.max(1) + LAM / len(prior))
    return weights / (prior * weights).sum()


def softmax(z):
    """Over the last axis."""
    power = np.exp(z)
    return power / power.sum(-1, keepdims=True)


def decode(z):
    """Annealed mean, M×Q -> M×2."""
    power = np.exp(z / T)
    return power / power.sum(1, keepdims=True) @ BINS


def plain_gradient(z, target):
    """Of the cross-entropy."""
    return softmax(z) - target


def rebalanced_gradient(z, target, weights):
    """Of the rebalanced cross-entropy."""
    return weights[target.argmax(1)][:, None] * plain_gradient(z, target)


def train_gradient(z, ab, weights):
    """Gradient of a batch's loss, N×Q×h×w."""
    n, q = z.shape[:2]
    rows = z.reshape(-1, q)
    target = encode(ab.transpose(0, 2, 3, 1).reshape(-1, 2))
    gradient = rebalanced_gradient(rows, target, weights)
    gradient = plain_gradient(rows, target)
    return gradient.reshape(z.shape) / n


class Adam:
    """As in the paper: β 0.9 and 0.99, decay 10⁻³."""

    def __init__(self, rate=3e-5, betas=(0.9, 0.99), decay=1e-3):
        self.rate, self.betas, self.decay = rate, betas, decay
        self.m, self.v, self.t = 0.0, 0.0, 0

    def step(self, theta, gradient):
        """One step, without correcting the moments' start."""
        gradient = gradient + self.decay * theta
        self.t += 1
        self.m = self.betas[0] * self.m + (1 - self.betas[0]) * gradient
        self.v = self.betas[1] * self.v + (1 - self.betas[1]) * gradient**2
        return theta - self.rate * self.m / (np.sqrt(self.v) + 1e-8)


def learning_rate(step):
    """Lowered by √10 every 215,000 iterations."""
    return 3.16e-5 * 0.316 ** (step // 215_000)
