"""All that a commit produces, and files with the edits of them."""
