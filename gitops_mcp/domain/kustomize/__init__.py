"""What `kubectl kustomize` makes of a folder, for the objects of CNPG, with the author of every field."""

from gitops_mcp.domain.kustomize.build import build_files, build_folder
from gitops_mcp.domain.kustomize.kustomization import Section
from gitops_mcp.domain.kustomize.produced import Build, BuildFault, Layer, Produced, Word
from gitops_mcp.domain.kustomize.tree import FileTree, Loads, join_path

__all__ = [
    "Build",
    "BuildFault",
    "FileTree",
    "Layer",
    "Loads",
    "Produced",
    "Section",
    "Word",
    "build_files",
    "build_folder",
    "join_path",
]
