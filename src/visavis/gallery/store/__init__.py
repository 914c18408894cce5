"""Where a gallery's records live: one set of tables on SQLite or PostgreSQL, changed in transactions only."""
