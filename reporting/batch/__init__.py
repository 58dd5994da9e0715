"""Batches of notebooks: what to run, and running it."""
