"""Inspectus' only view."""

import inspectus
from maker import main

main({"head": inspectus.attention})
