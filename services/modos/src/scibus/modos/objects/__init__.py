"""The objects of the deployment: which there are, and what they say of themselves."""
