"""Says what a record means: record -> comparisons; times -> measurements."""
