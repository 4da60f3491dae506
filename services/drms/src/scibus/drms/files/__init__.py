"""The files of an export: which there are (`listing`), where they lie (`server`), fetching each one whole."""
