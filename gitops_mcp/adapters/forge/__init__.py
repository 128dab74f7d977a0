"""Pull requests on GitHub, GitLab and Gitea or Forgejo: one module a forge, all behind the Protocol of `interface`."""
