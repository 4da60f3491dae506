"""The CGI programs of the archive, one a module."""
