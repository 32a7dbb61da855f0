"""The pages and endpoints that belong to no product: sign-in, accounts, keys, audit log."""
