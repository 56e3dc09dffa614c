"""Peak memory of a training step or of inference, predicted from fake tensors: no accelerator, next to no memory."""
