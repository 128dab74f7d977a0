"""What a model may ask."""
