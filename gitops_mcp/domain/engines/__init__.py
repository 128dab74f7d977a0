"""What Argo CD, Flux and Helm objects in Git apply."""
