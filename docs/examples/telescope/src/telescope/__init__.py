"""A telescope on the bus. `TelescopeServer` can be used from a plain script, without any bus."""
