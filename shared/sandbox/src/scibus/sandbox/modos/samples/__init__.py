"""The objects a stand-in begins with, computed: the same bytes each time."""
