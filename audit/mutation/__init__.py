"""Break code on purpose, in copies of it, and see whether the checks that are responsible notice."""
