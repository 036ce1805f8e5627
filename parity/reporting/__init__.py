"""Pure functions from comparisons and measurements to Markdown, HTML and figures."""
