"""Zhang, Isola, Efros, "Colorful Image Colorization", ECCV 2016: its numbers, and probes that measure them."""
