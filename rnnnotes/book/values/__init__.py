"""What a statement is in numbers: entry by entry, in symbols or in draws."""
