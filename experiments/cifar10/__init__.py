"""The reproduction on CIFAR-10: which of the paper's statements hold at 32×32 pixels."""
