"""The site: every committed record as pages that are linked with one another. Pure: material in, text out."""
