"""Patches: which part of which picture each token stands for."""
