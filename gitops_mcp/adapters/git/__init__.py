"""The repository: what stands in a commit, where a change stands, and how a change is published.

GitPython finds the repository. Git itself does all the rest through `runner.py`, since GitPython's runner has no
input, no time-out that ends the whole process group and inherits GIT_* variables, and since its index and object
writers bypass filters: they would commit a git-crypt file in clear text.
"""
