"""The UCI regression experiment of Monte-Carlo dropout: published, replayed, and improved."""
