import torch
import torch_colorizer as its


class Subject:
    def __init__(self):
        self.net = its.make_network().eval()

    def bins(self):
        return its.BINS.numpy()

    def encode(self, ab):
        return its.soft_encode(torch.tensor(ab).float().T[None, :, :, None])[0, :, :, 0].T.numpy()

    def smooth_prior(self, counts):
        return its.smooth(torch.tensor(counts)).numpy()

    def class_weights(self, prior):
        return its.rarity(torch.tensor(prior)).numpy()

    def decode(self, logits):
        return its.annealed_mean(torch.tensor(logits).T[None, :, :, None])[0, :, :, 0].T.numpy()

    def batch_gradient(self, logits, ab, weights):
        z = torch.tensor(logits).requires_grad_()
        loss = its.training_loss(z, torch.tensor(ab).float(), torch.tensor(weights))
        return torch.autograd.grad(loss, z)[0].numpy()

    def training_pair(self, rgb):
        return tuple(part.numpy() for part in its.batch(torch.tensor(rgb)))

    def network(self):
        return self.net
