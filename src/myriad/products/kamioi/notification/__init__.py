"""What a member is told: written where it happens, read on a page, streamed to open ones."""
