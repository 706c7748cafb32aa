"""Pages that many people look at, made once for as long as nothing can have changed, and served again."""
