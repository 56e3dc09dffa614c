import numpy_colorizer as its


class Subject:
    rgb_to_lab = staticmethod(its.lab)
    encode = staticmethod(its.encode)
    smooth_prior = staticmethod(its.smooth)
    class_weights = staticmethod(its.class_weights)
    decode = staticmethod(its.decode)
    batch_gradient = staticmethod(its.train_gradient)
    rate_at = staticmethod(its.learning_rate)

    def bins(self):
        return its.BINS

    def optimiser_path(self, theta, gradients):
        adam = its.Adam()
        return [theta := adam.step(theta, gradient) for gradient in gradients]
