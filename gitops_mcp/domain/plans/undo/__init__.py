"""Taking back what a change did to the objects of an environment, by what they say and not by its lines."""
