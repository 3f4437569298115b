"""From what a person passes in to what the model's forward gets."""
