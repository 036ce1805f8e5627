"""Comparisons and measurements -> Markdown, HTML, figures; pure."""
