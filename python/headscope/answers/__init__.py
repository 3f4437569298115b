"""Exact answers about one recorded forward; needs no notebook and no browser."""
