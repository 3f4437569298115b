"""Views of a capture as notebook widgets: what is selected is a Python value, and the other way round."""
