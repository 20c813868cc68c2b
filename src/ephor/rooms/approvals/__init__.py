"""Who must agree before an agent may act: requests, reviews, expiry, and the bodies that review."""
