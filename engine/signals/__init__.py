"""What wakes a trader: conditions, edges and schedules."""
