//! Training and evaluation: batches, the loop, metrics and weights.
