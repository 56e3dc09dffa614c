"""The commands of `python -m audit`, one module each: they parse and print, the engine and the reports do the work."""
