"""How attention is obtained: from a model's forward to certified records of its layers."""
