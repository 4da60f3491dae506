"""Who the worker is at the deployment: its access token, and the key to the object store that it gets for it."""
