"""The mathematics in exact form: cells, Jacobians, products, bounds and theorems over named quantities."""
