"""What is made once for many requests, for as long as nothing can have changed, and served or asked again."""
