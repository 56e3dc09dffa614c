"""Training: objective, optimiser, schedule, precision, and the loop."""
