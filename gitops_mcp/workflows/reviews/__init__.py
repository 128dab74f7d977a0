"""Anybody's branch or pull request, judged as a change of ours is. Nothing of it is run, and nothing is written."""
