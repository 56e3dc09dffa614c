"""Never the same work twice: finished pictures under a key of everything that makes them."""
