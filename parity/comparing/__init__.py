"""Two models that a user wrote, compared: how their layers and weights correspond, and where and why they depart. Pure."""
