"""Where a field, list item, patch or new file is written, and the proof that an edit does just that."""
