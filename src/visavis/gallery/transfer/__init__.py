"""Galleries on their way: into files and out of them, to another store, under another key."""
