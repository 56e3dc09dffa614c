"""What both web apps show: models on offer, one person's pictures, views of them, and files to take away."""
