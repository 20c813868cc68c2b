"""Models: versions that are never overwritten, validated against thresholds set beforehand, approved by others."""
