"""What Argo CD and Flux say of themselves: who applies an object, and how far that is."""
