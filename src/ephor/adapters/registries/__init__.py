"""Other registries of models, read and never written."""
