"""E-mail: `settings` says which server takes it, `sending` composes a message and hands it over."""
