"""Who made an object what it is: its commits, newest first."""
