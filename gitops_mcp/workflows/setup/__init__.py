"""Whether everything that the server works with is there and lets it work: the doctor, and the tool check_setup.

Nothing is changed, nobody is asked and no secret is read. What is asked of the API are reads and reviews of one's own
access.
"""
