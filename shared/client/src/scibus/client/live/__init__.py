"""Live data: subscriptions and their readers."""
