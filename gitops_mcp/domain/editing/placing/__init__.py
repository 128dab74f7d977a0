"""Where a new document goes, and how it is listed there."""
