"""The one forward that is recorded, with all of the model's surroundings left as they were."""
