"""E-mail: `settings` says which server takes it, `letters` writes a message, `sending` hands it over."""
