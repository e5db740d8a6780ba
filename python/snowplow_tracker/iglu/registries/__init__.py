"""Registries: where schemas come from."""
