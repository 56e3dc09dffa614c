"""Image colorization after Zhang, Isola, Efros, "Colorful Image Colorization", ECCV 2016 (arXiv:1603.08511)."""
