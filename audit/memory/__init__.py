"""Peak memory of training and inference: predicted without a GPU, held against real runs, watched for growth.

Importing this package is cheap; its modules import torch.
"""

PREDICTION, GROWTH, CUDA = "memory.prediction", "memory.growth", "memory.cuda"
TITLES = {
    PREDICTION: "Predicted peak memory is what a real run on the CPU takes",
    GROWTH: "No memory is retained from one iteration to the next",
    CUDA: "Predicted peak memory is what a real run on the GPU takes",
}
