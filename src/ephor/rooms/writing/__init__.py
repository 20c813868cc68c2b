"""What each kind of document says: written from facts alone, the same facts giving the same words."""
