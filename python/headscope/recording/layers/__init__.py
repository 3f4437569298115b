"""What is kept of a layer, what is computed from it, and the certificate that it is the model's own."""
