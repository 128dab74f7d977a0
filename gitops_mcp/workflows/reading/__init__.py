"""One module a question that is asked of Git and the API."""
