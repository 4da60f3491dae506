"""The files of the archive, made when they are asked for."""
