"""Reports: questions that commands ask of the views, one a file. Each takes an open `Sql` and answers typed rows."""
