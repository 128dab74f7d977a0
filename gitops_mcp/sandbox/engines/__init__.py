"""Stand-ins for Argo CD and Flux: they build from a commit of the remote, apply to the Store, and report.

What they report has the words and shapes of objects that real ones left. They know nothing of how the server reads
such objects, so that a fault there is not repeated here.
"""
