"""Every query of Kamioi, in `queries/*.sql`, for the caller's tenant."""
