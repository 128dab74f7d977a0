"""Go's `text/template` with the functions of sprig, as far as it is used to write manifests.

Values are Python's, with the types that Go tells apart: a number of JSON or YAML is a float, one that a template says
is an int. What fails there fails here (`Fails`). What cannot be known, or is not followed here, is `Unknown`: it goes
through fields and functions, and a text that it would be printed into is not known either.
"""
