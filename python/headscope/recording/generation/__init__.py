"""What ``generate`` wrote, and the one forward over all of it that is recorded."""
