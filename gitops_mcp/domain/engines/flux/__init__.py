"""Flux: its Kustomizations, sources, instances, ResourceSets and HelmReleases."""
