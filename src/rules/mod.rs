//! Decisions: pure functions over the vocabulary (money, offers, calendar, assurance, windows).
