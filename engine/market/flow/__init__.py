"""Order flow: fifteen-second samples, and what is measured on them."""
