"""What a reviewer reads: the title and the body of the pull request of a change. No external calls are done here."""
