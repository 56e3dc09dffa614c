"""Two runs, or two sets of runs over seeds, held against each other."""
