"""What exporting costs, and what number types cost in quality."""
