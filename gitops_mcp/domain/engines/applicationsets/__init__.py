"""ApplicationSets of Argo CD: the Applications that their generators and templates make, as Argo CD 3 makes them.

What depends on more than Git holds (which clusters are registered, what a forge or a plugin answers) is unknown, with
the reason. A set of which nothing can be told still governs the folders that it may apply.
"""
