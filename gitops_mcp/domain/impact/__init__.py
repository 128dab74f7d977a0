"""What applying a change does to what runs: nothing, a reload, a rolling restart, an outage, or a loss of data.

Told from the objects before and after, and the live one where it is known. What is in doubt counts as the worse.
"""
