"""What the document says: requirements, vocabulary, transitions and properties."""
