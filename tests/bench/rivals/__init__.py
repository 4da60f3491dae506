"""What scibus is measured beside: each a process, those that are scripts with an environment of their own."""
