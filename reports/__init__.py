"""The analysis document, its schema, and its renderings as a page, figures and a command line."""
