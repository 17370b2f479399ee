"""Code of one's own, held against a formula."""
