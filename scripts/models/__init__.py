"""The coverage table: every model type of the installed transformers, tiny, captured and compared with itself."""
