"""Documents: what they consist of, how they are kept, compared, approved and kept current."""
