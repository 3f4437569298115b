"""Views outside a notebook."""
