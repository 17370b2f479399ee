"""The reference on recurrent neural networks in which no displayed formula can be wrong."""
