"""What of a Keras model can be trusted when it comes from a student process."""
