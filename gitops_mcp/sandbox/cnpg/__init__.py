"""What CloudNativePG 1.30 would make of an object: values in, values out, so far as this project reads it."""
