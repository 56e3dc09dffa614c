"""A reimplementation of the paper in plain torch, as one finds them, and deliberately wrong.

Every constant in it is the paper's. What is done with them is not.
"""

import torch
import torch.nn.functional as F
from torch import nn

SIGMA, NEIGHBOURS, TEMPERATURE, LAMBDA = 5.0, 5, 0.38, 0.5
XYZ = torch.tensor([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
WHITE = torch.tensor([0.95047, 1.0, 1.08883])


def rgb_to_lab(rgb):
    """N×3×H×W in 0..1 -> Lab."""
    linear = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = torch.einsum("xc,nchw->nxhw", XYZ / WHITE[:, None], linear)
    x, y, z = torch.where(xyz > 0.008856, xyz.clamp_min(1e-9) ** (1 / 3), 7.787 * xyz + 16 / 116).unbind(1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=1)


def lab_to_rgb(lab):
    """The way back, clipped to what a screen shows."""
    y = (lab[:, 0] + 16) / 116
    root = torch.stack((y + lab[:, 1] / 500, y, y - lab[:, 2] / 200), dim=1)
    xyz = torch.where(root > 0.2069, root**3, (root - 16 / 116) / 7.787)
    linear = torch.einsum("cx,nxhw->nchw", torch.linalg.inv(XYZ) * WHITE, xyz).clamp(0, 1)
    return torch.where(linear > 0.0031308, 1.055 * linear.clamp_min(1e-9) ** (1 / 2.4) - 0.055, 12.92 * linear)


def in_gamut_bins():
    """The bins that a screen can show."""
    axis = torch.arange(-110, 101, 10).float()
    points = torch.cartesian_prod(axis, axis)
    rgb = lab_to_rgb(torch.cat((torch.full((len(points), 1), 50.0), points), dim=1)[:, :, None, None])
    return points[((rgb >= 0) & (rgb <= 1)).all(1).flatten()]


BINS = in_gamut_bins()


def soft_encode(ab):
    """N×2×H×W -> N×Q×H×W."""
    distance = torch.cdist(ab.permute(0, 2, 3, 1).reshape(-1, 2), BINS)
    nearest = distance.topk(NEIGHBOURS, largest=False)
    weights = torch.softmax(-(nearest.values**2) / (2 * SIGMA**2), dim=1)
    target = torch.zeros_like(distance).scatter_(1, nearest.indices, weights)
    return target.reshape(len(ab), *ab.shape[2:], -1).permute(0, 3, 1, 2)


def smooth(counts):
    """A Gaussian of σ = 5 over the histogram."""
    place = torch.arange(len(counts)).float()
    kernel = torch.exp(-((place[:, None] - place) ** 2) / (2 * SIGMA**2))
    smoothed = kernel.double() @ counts.double()
    return smoothed / smoothed.sum()


def rarity(prior):
    """Class weights, normalised."""
    weights = 1 / ((1 - LAMBDA) * prior + LAMBDA / len(prior))
    return weights / weights.mean()


def training_loss(logits, ab, weights):
    """Rebalanced cross-entropy at the paper's temperature."""
    target = soft_encode(ab)
    pixel_weights = weights[target.argmax(1)]
    log_probability = F.log_softmax(logits / TEMPERATURE, dim=1)
    return -(pixel_weights * (target * log_probability).sum(1)).mean()


def annealed_mean(logits):
    """N×Q×H×W -> N×2×H×W."""
    return torch.einsum("nqhw,qc->nchw", torch.softmax(logits / TEMPERATURE, dim=1), BINS.to(logits))


def batch(rgb):
    """uint8 photographs -> the network's input, the targets."""
    rgb = rgb.float() / 255
    grey = 0.299 * rgb[:, :1] + 0.587 * rgb[:, 1:2] + 0.114 * rgb[:, 2:]
    return grey * 100 - 50, F.avg_pool2d(rgb_to_lab(rgb)[:, 1:], 4)


def block(channels, width, convolutions, stride=1, dilation=1):
    """Convolutions with batch norm."""
    layers = []
    for index in range(convolutions):
        step = stride if index == convolutions - 1 else 1
        layers += [nn.Conv2d(channels, width, 3, step, dilation, dilation), nn.BatchNorm2d(width), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers)


def make_network():
    """The paper's network."""
    return nn.Sequential(
        block(1, 64, 2, 2), block(64, 128, 2, 2), block(128, 256, 3, 2), block(256, 512, 3), block(512, 512, 3, 1, 2),
        block(512, 512, 3, 1, 2), block(512, 512, 3), nn.ConvTranspose2d(512, 256, 4, 2, 1), block(256, 256, 2),
        nn.Conv2d(256, len(BINS), 1), nn.BatchNorm2d(len(BINS)),
    )  # fmt: skip


def make_optimiser(parameters):
    """Adam as in the paper."""
    return torch.optim.AdamW(parameters, lr=3e-5, betas=(0.9, 0.99), weight_decay=1e-3)
