"""What `kubectl kustomize` makes of a folder, for the objects of CNPG, with the author of every field."""

from gitops_mcp.domain.kustomize.build import build, build_files
from gitops_mcp.domain.kustomize.kustomization import Section
from gitops_mcp.domain.kustomize.produced import Build, Fault, Layer, Produced, Word
from gitops_mcp.domain.kustomize.tree import Loads, Tree

__all__ = ["Build", "Fault", "Layer", "Loads", "Produced", "Section", "Tree", "Word", "build", "build_files"]
