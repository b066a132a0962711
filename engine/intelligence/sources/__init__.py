"""Where news comes from: addresses judged, pages fetched, articles read."""
