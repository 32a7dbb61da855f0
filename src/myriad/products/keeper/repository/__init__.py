"""Every query of Keeper: named SQL in `queries/`, and what fills the views, by subject."""
