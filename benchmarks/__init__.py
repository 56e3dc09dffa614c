"""What we promise about speed and memory, side by side with peers. Run `python -m benchmarks ops`."""
