"""A small pix2pix for probes to be tried on, and how the tests vary it."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class UNet(nn.Module):
    """Two levels of the paper's eight, with skip, dropout and normalisation."""

    def __init__(self, norm=nn.BatchNorm2d, rate=0.5):
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(3, 8, 4, 2, 1), nn.Conv2d(8, 16, 4, 2, 1)
        self.up2, self.up1 = nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.ConvTranspose2d(16, 3, 4, 2, 1)
        self.norm_down, self.norm_up = norm(16), norm(8)
        self.dropout = nn.Dropout(rate)

    def forward(self, picture):
        fine = F.leaky_relu(self.down1(picture), 0.2)
        coarse = F.leaky_relu(self.norm_down(self.down2(fine)), 0.2)
        up = F.relu(self.dropout(self.norm_up(self.up2(coarse))))
        return torch.tanh(self.up1(torch.cat((up, fine), dim=1)))


class PatchNet(nn.Sequential):
    """C64-C128-C256-C512 with an eighth of the channels; `halvings` of 3 makes 70×70 patches."""

    def __init__(self, halvings=3, channels=6):
        layers, width = [], 8
        for number in range(halvings + 1):
            layers.append(nn.Conv2d(channels, width, 4, 2 if number < halvings else 1, 1))
            layers += [nn.BatchNorm2d(width)] if number else []
            layers.append(nn.LeakyReLU(0.2))
            channels, width = width, 2 * width
        super().__init__(*layers, nn.Conv2d(channels, 1, 4, 1, 1))


class Blind(PatchNet):
    """Judges a picture without its input."""

    def __init__(self):
        super().__init__(channels=3)

    def forward(self, both):
        return super().forward(both[:, 3:])


def initialised(network, spread=0.02):
    generator = torch.Generator().manual_seed(3)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, spread, generator=generator)
    return network


class Pix2Pix:
    """Right in every part."""

    weight, betas, rate, decay, factor, spread = 100.0, (0.5, 0.999), 2e-4, 0.0, 0.5, 0.02

    def generator(self):
        return initialised(UNet(), self.spread).train()

    def discriminator(self):
        return initialised(PatchNet(), self.spread).eval()

    def difference(self, made, target):
        return F.l1_loss(made, target)

    def fooled(self, judged):
        return F.binary_cross_entropy_with_logits(judged, torch.ones_like(judged))

    def generator_gradients(self, made, target, judged):
        made, judged = torch.tensor(made).requires_grad_(), torch.tensor(judged).requires_grad_()
        loss = self.fooled(judged) + self.weight * self.difference(made, torch.tensor(target))
        return tuple(gradient.numpy() for gradient in torch.autograd.grad(loss, (made, judged)))

    def discriminator_gradients(self, real, made):
        real, made = torch.tensor(real).requires_grad_(), torch.tensor(made).requires_grad_()
        loss = F.binary_cross_entropy_with_logits(real, torch.ones_like(real))
        loss = loss + F.binary_cross_entropy_with_logits(made, torch.zeros_like(made))
        return tuple(gradient.numpy() for gradient in torch.autograd.grad(self.factor * loss, (real, made)))

    def optimiser_path(self, initial, gradients):
        weights = torch.tensor(np.asarray(initial)).requires_grad_()
        adam = torch.optim.Adam([weights], lr=self.rate, betas=self.betas, weight_decay=self.decay)
        path = []
        for gradient in gradients:
            weights.grad = torch.tensor(gradient)
            adam.step()
            path.append(weights.detach().numpy().copy())
        return path
