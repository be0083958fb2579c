"""Real engines with the plugin in them."""
