"""The tokens on the axes of the attention: their text, how they read, and how they make words."""
