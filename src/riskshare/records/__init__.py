"""What is agreed, what is sent and what comes out: frozen records that compute nothing."""
