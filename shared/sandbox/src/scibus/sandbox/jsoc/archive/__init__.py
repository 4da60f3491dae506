"""The stand-in's series and records: computed on demand, the same in every run."""
