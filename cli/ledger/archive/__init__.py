"""What the commands about archives share: where a volume may be, what can go wrong in words, progress."""
