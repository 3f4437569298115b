"""Saved captures: ``*.headscope`` files, which are safetensors with a description in JSON."""
