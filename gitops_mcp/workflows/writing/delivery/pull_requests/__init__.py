"""The pull request of a change: what is proposed, what a reviewer reads of it, and when a forge gets that."""
