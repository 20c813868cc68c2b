"""The ledger's rules: entries, the Merkle tree over them, proofs, notes and checkpoints."""
