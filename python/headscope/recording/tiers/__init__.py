"""The three ways in which attention is seen: transformers' interface, the operations, the model's own maps."""
